"""Addresses of the pages about people."""

from django.urls import path

from clinic.views.account import account
from clinic.views.health import live, ready
from clinic.views.home import home
from clinic.views.patients import patient_new, patients
from clinic.views.sign_in import SignIn, SignOut

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
]
