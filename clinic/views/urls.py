"""Addresses of the pages about people."""

from django.urls import path

from clinic.views.account import account, everywhere, preferences
from clinic.views.api_tokens import api_token_revoke, api_tokens
from clinic.views.care_team import care_team, care_team_hand_over, care_team_leave, care_team_share, care_team_take_off
from clinic.views.emergency import emergency, emergency_end, emergency_noted, emergency_report
from clinic.views.health import live, ready
from clinic.views.home import home
from clinic.views.invitation import invitation, invitation_password
from clinic.views.language import language
from clinic.views.passkey import passkey_challenge
from clinic.views.patients import patient_new, patients
from clinic.views.people import (
    people,
    person,
    person_deactivate,
    person_invite,
    person_link,
    person_reactivate,
    person_role,
    person_second_step_reset,
)
from clinic.views.programs import (
    program,
    program_answer,
    program_new,
    program_switch,
    program_token_revoke,
    programs,
)
from clinic.views.session import session
from clinic.views.settings import settings_page
from clinic.views.sign_in import SignIn, SignOut
from clinic.views.trail import trail, trail_export, trail_sign_ins

app_name = "clinic"
urlpatterns = [
    path("", home, name="home"),
    path("sign-in/", SignIn.as_view(), name="sign_in"),
    path("sign-out/", SignOut.as_view(), name="sign_out"),
    path("account/", account, name="account"),
    path("patients/", patients, name="patients"),
    path("patients/new/", patient_new, name="patient_new"),
    path("health/live", live, name="health_live"),
    path("health/ready", ready, name="health_ready"),
    path("account/everywhere/", everywhere, name="sign_out_everywhere"),
    path("account/session/", session, name="session"),
    path("invitation/", invitation_password, name="invitation_password"),
    path("invitation/<str:token>/", invitation, name="invitation"),
    path("people/", people, name="people"),
    path("people/invite/", person_invite, name="person_invite"),
    path("people/<uuid:pk>/", person, name="person"),
    path("people/<uuid:pk>/link/", person_link, name="person_link"),
    path("people/<uuid:pk>/role/", person_role, name="person_role"),
    path("people/<uuid:pk>/deactivate/", person_deactivate, name="person_deactivate"),
    path("people/<uuid:pk>/reactivate/", person_reactivate, name="person_reactivate"),
    path("people/<uuid:pk>/second-step/reset/", person_second_step_reset, name="person_second_step_reset"),
    path("account/tokens/", api_tokens, name="api_tokens"),
    path("account/tokens/<uuid:pk>/revoke/", api_token_revoke, name="api_token_revoke"),
    path("patients/<uuid:pk>/care-team/", care_team, name="care_team"),
    path("patients/<uuid:pk>/care-team/share/", care_team_share, name="care_team_share"),
    path("patients/<uuid:pk>/care-team/leave/", care_team_leave, name="care_team_leave"),
    path("patients/<uuid:pk>/care-team/hand-over/", care_team_hand_over, name="care_team_hand_over"),
    path("emergency-access/", emergency, name="emergency"),
    path("emergency-access/report/", emergency_report, name="emergency_report"),
    path("emergency-access/<uuid:pk>/end/", emergency_end, name="emergency_end"),
    path("emergency-access/notices/<uuid:pk>/", emergency_noted, name="emergency_noted"),
    path("trail/", trail, name="trail"),
    path("trail/export.csv", trail_export, {"form": "csv"}, name="trail_csv"),
    path("trail/export.xlsx", trail_export, {"form": "xlsx"}, name="trail_xlsx"),
    path("trail/sign-ins/", trail_sign_ins, name="trail_sign_ins"),
    path("language/", language, name="language"),
    path("account/preferences/", preferences, name="preferences"),
    path("people/programs/", programs, name="programs"),
    path("people/programs/new/", program_new, name="program_new"),
    path("people/programs/<uuid:pk>/", program, name="program"),
    path("people/programs/<uuid:pk>/answer/", program_answer, name="program_answer"),
    path("people/programs/<uuid:pk>/switch/", program_switch, name="program_switch"),
    path("people/programs/<uuid:pk>/tokens/<uuid:token>/revoke/", program_token_revoke, name="program_token_revoke"),
    path("patients/<uuid:pk>/care-team/take-off/", care_team_take_off, name="care_team_take_off"),
    path("account/passkey-challenge/", passkey_challenge, name="passkey_challenge"),
    path("settings/", settings_page, name="settings"),
]
