#!/bin/sh
# Run once by the database's image, when its data folder is new: a role that owns the tables, its database, and a role
# for the running application; neither is a superuser. Passwords go from file to server, and into no process list.
set -eu
psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --username "${POSTGRES_USER:-postgres}" --dbname postgres <<'SQL'
\set password `cat "$DATABASE_PASSWORD_FILE"`
CREATE ROLE second_read LOGIN PASSWORD :'password';
\set password `cat "$APPLICATION_PASSWORD_FILE"`
CREATE ROLE second_read_application LOGIN PASSWORD :'password';
CREATE DATABASE second_read OWNER second_read;
SQL
