#!/usr/bin/env bash
# How a hospital's system settles: preview, settle, find the answer after a time-out, see mistakes, reverse.
#
#     bash client.sh
#
# curl and openssl are enough. It asks the sandbox of `adjudicator serve`, unless ADJUDICATOR_ADDRESS, ADJUDICATOR_KEY
# and ADJUDICATOR_SECRET (hexadecimal digits) say another service and key. Formats: docs/api.md.
set -euo pipefail

address=${ADJUDICATOR_ADDRESS:-http://127.0.0.1:8765}
key=${ADJUDICATOR_KEY:-sandbox}
secret=${ADJUDICATOR_SECRET:-000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f}
seconds=${ADJUDICATOR_SECONDS:-15} # longer than the 10 seconds within which the service answers

# ask METHOD PATH [BODY]: sign and send one attempt; sets status and answer. Fails where no answer comes: that says nothing.
ask() {
    local method=$1 path=$2 body=${3-} at nonce digest signature reply
    at=$(date +%s) nonce=$(openssl rand -hex 16) # a new nonce for every attempt
    digest=$(printf %s "$body" | openssl dgst -sha256 -r | cut -d' ' -f1)
    # openssl takes the secret as an argument: on a machine that others use, sign in a program instead
    signature=$(printf '%s\n%s\n\n%s\n%s\n%s\n%s' "$method" "$path" "$digest" "$at" "$nonce" "$key" |
        openssl dgst -sha256 -mac HMAC -macopt hexkey:"$secret" -r | cut -d' ' -f1)
    reply=$(printf %s "$body" | curl -s --max-time "$seconds" -X "$method" "$address$path" -w '\n%{http_code}' \
        ${body:+-H 'Content-Type: application/json' --data-binary @-} \
        -H "Adjudicator-Key: $key" -H "Adjudicator-Time: $at" \
        -H "Adjudicator-Nonce: $nonce" -H "Adjudicator-Signature: $signature") || return
    status=${reply##*$'\n'} answer=${reply%$'\n'*}
}

# submit PATH MESSAGE_ID BODY: send a message until its outcome is known. It takes effect once, however often it is sent.
# Keep the message with its id on your own disk before the first attempt: after a power cut you ask for it again.
submit() {
    local pause
    for pause in 0 1 2 4 8; do
        sleep "$pause"
        if ask POST "$1" "$3"; then
            [ "$status" -lt 500 ] && return
            echo "POST     $status"
        else
            echo "POST     no answer: curl $?"
        fi
        if ask GET "/v1/messages/$2"; then # it may have arrived: ask what became of it
            [ "$status" -lt 500 ] && [ "$status" != 404 ] && return
            echo "GET      $status"
        else
            echo "GET      no answer: curl $?"
        fi
    done
    echo "no outcome of message $2 yet: ask again later" >&2
    return 1
}

# field NAME: a text of the answer; a program uses its JSON library instead
field() { grep -o "\"$1\":\"[^\"]*\"" <<<"$answer" | head -n 1 | cut -d'"' -f4; }

run=$(date +%Y%m%d-%H%M%S)-$(openssl rand -hex 4)
bill='"visit_id": "'$run'", "receipt_id": "1", "person_id": "S0000001", "visit": "outpatient", "admission": "2023-05-06",
  "lines": [{"line_id": "1", "item_code": "XA02BC-01P", "amount": "3000.00", "quantity": "2", "price": "1500"}]'

ask POST /v1/previews "{$bill, \"total\": \"3000.00\"}"
echo "preview  $status cash $(field cash)"

submit /v1/settlements "$run-settle" "{\"message_id\": \"$run-settle\", $bill, \"total\": \"3000.00\"}"
settled=$answer settlement=$(field settlement_id)
echo "settle   $status cash $(field cash)"
ask GET "/v1/messages/$run-settle"
echo "find     $status $([ "$answer" = "$settled" ] && echo the same bytes || echo ANOTHER ANSWER)"

ask POST /v1/settlements "{\"message_id\": \"$run-settle\", ${bill/\"outpatient\"/null}, \"total\": \"3000.01\"}"
echo "mistakes $status $(field code)"
grep -o '"errors":.*' <<<"$answer"

submit /v1/reversals "$run-reverse" \
    "{\"message_id\": \"$run-reverse\", \"settlement_id\": \"$settlement\", \"reason\": \"mistake\"}"
echo "reverse  $status reversed $(grep -o '"reversed":[a-z]*' <<<"$answer" | cut -d: -f2)"
