#!/bin/sh
# Runs once, when the database's volume is new: the app's role, and the simulated bank with a database of its own.
# The owner's role and the database "gateway" are the image's POSTGRES_USER and POSTGRES_DB.
set -eu

psql -v ON_ERROR_STOP=1 -v app_password="$APP_PASSWORD" -v bank_password="$BANK_PASSWORD" \
    --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" <<'SQL'
CREATE ROLE gateway_app LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD :'app_password';
CREATE ROLE bank LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD :'bank_password';
REVOKE ALL ON DATABASE gateway FROM PUBLIC;
GRANT CONNECT, TEMPORARY ON DATABASE gateway TO gateway_app;
CREATE DATABASE bank OWNER bank;
REVOKE ALL ON DATABASE bank FROM PUBLIC;
SQL
