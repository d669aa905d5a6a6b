"""Addresses of signing in, under the names that django-allauth knows them by. There is none to sign up.

What changes something about the second step does so in one transaction with its event of the trail.
"""

from allauth.account import views as account
from allauth.mfa.base import views as second_step
from allauth.mfa.recovery_codes import views as codes
from allauth.mfa.totp import views as app
from allauth.mfa.webauthn import views as passkeys
from django.db.transaction import atomic
from django.urls import path

from clinic.views.sign_in import PasswordByLink, SignIn, SignOut

urlpatterns = [
    path("sign-in/", SignIn.as_view(), name="account_login"),
    path("sign-in/second-step/", atomic(second_step.authenticate), name="mfa_authenticate"),
    path("sign-in/passkey/", atomic(passkeys.login_webauthn), name="mfa_login_webauthn"),
    path("sign-out/", SignOut.as_view(), name="account_logout"),
    path("password/", account.password_reset, name="account_reset_password"),
    path("password/sent/", account.password_reset_done, name="account_reset_password_done"),
    path("password/<slug:uidb36>/<key>/", PasswordByLink.as_view(), name="account_reset_password_from_key"),
    path("password/done/", account.password_reset_from_key_done, name="account_reset_password_from_key_done"),
    path("account/confirm/", account.reauthenticate, name="account_reauthenticate"),
    path("account/confirm/code/", atomic(second_step.reauthenticate), name="mfa_reauthenticate"),
    path("account/confirm/passkey/", atomic(passkeys.reauthenticate_webauthn), name="mfa_reauthenticate_webauthn"),
    path("account/second-step/", second_step.index, name="mfa_index"),
    path("account/second-step/app/", atomic(app.activate_totp), name="mfa_activate_totp"),
    path("account/second-step/app/remove/", atomic(app.deactivate_totp), name="mfa_deactivate_totp"),
    path("account/second-step/codes/", atomic(codes.view_recovery_codes), name="mfa_view_recovery_codes"),
    path("account/second-step/codes/new/", atomic(codes.generate_recovery_codes), name="mfa_generate_recovery_codes"),
    path("account/second-step/passkeys/", passkeys.list_webauthn, name="mfa_list_webauthn"),
    path("account/second-step/passkeys/new/", atomic(passkeys.add_webauthn), name="mfa_add_webauthn"),
    path("account/second-step/passkeys/<int:pk>/", atomic(passkeys.edit_webauthn), name="mfa_edit_webauthn"),
    path("account/second-step/passkeys/<int:pk>/remove/", atomic(passkeys.remove_webauthn), name="mfa_remove_webauthn"),
]
