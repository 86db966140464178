#!/bin/sh
# A hook for dns-01, as tls.acme.hook runs it: acme_hook.sh MANAGEMENT present|cleanup NAME VALUE.
# It sets and clears TXT records in pebble-challtestsrv.
set -eu
case $2 in
present) call=set-txt data="{\"host\": \"$3.\", \"value\": \"$4\"}" ;;
cleanup) call=clear-txt data="{\"host\": \"$3.\"}" ;;
*) exit 2 ;;
esac
exec curl -sS --fail --max-time 10 --data "$data" "http://$1/$call"
