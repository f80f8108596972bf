# Sourced by test.sh: what boot firmware and curl may ask of the HTTP server.

http_lab() {
  network_up 0 1
  server_begin
  printf 'outside the tree\n' >"$RUN/secret"
  printf '0123456789' >"$TREE/data/ten"; : >"$TREE/data/empty"
  ln -s "$RUN/secret" "$TREE/data/link-outside"
  mkdir -p "$TREE/with space"; printf 'x' >"$TREE/with space/file"
  serve
  ip -n "$(namespace client1)" addr add "$PREFIX.50/24" dev eth0
  URL=http://$SERVER; DONE=0
}

ask() { # STATUS WHAT [CURL-OPTION...] PATH: sets BODY, $RUN/head; the status must be as told
  local want=$1 what=$2 path=${!#} got; shift 2
  got=$(inside client1 curl -sS --path-as-is --max-time 10 -D "$RUN/head" -o "$RUN/body" -w '%{http_code}' \
    "${@:1:$#-1}" "$URL$path" 2>"$RUN/curl.err") ||
    fail "$what: curl says $(tr '\n' ' ' <"$RUN/curl.err")"
  [[ "|$want|" == *"|$got|"* ]] || fail "$what: status $got, not $want"
  BODY=$(tr -d '\0' <"$RUN/body")
  ! grep -q 'outside the tree' "$RUN/body" || fail "$what: a file outside the tree"
  DONE=$((DONE + 1))
  grep -qE '^Content-Length: [0-9]+' "$RUN/head" || [ "$got" = 304 ] || fail "$what: no Content-Length"
  ! grep -qi '^Location:' "$RUN/head" || fail "$what: a redirect"
  # GRUB looks for the exact words "Content-Length: ".
  ! grep -qE '^[a-z][^:]*:' "$RUN/head" || fail "$what: a header that is not in title case: $(grep -m1 -E '^[a-z]' "$RUN/head")"
}

header() { sed -n "s/^$1: *\\([^\\r]*\\)\\r\\{0,1\\}\$/\\1/p" "$RUN/head" | tail -1; }

http_ranges() {
  local range want
  while read -r range want; do
    ask 206 "range $range" -H "Range: bytes=$range" /data/ten
    check_equal "range $range" "$want" "$BODY"
    check "range $range: no Content-Range" grep -q '^Content-Range: bytes [0-9]*-[0-9]*/10' "$RUN/head"
  done <<<$'0-0 0\n0-3 0123\n3-5 345\n7- 789\n-2 89\n-50 0123456789\n5-100 56789'
  ask 416 "a range beyond the end" -H 'Range: bytes=10-' /data/ten
  check "416 without the length" grep -q '^Content-Range: bytes \*/10' "$RUN/head"
  ask 200 "a range that is none" -H 'Range: lines=1-2' /data/ten
  check_equal "a range that is none" 0123456789 "$BODY"
}

http_conditions() {
  local tag date
  ask 200 "a file" /data/ten
  tag=$(header ETag); date=$(header Last-Modified)
  [ -n "$tag" ] && [ -n "$date" ] || fail "no ETag or no Last-Modified"
  ask 304 "If-None-Match" -H "If-None-Match: $tag" /data/ten
  ask 304 "If-None-Match among others" -H "If-None-Match: \"other\", $tag" /data/ten
  ask 200 "If-None-Match of another" -H 'If-None-Match: "other"' /data/ten
  ask 304 "If-Modified-Since" -H "If-Modified-Since: $date" /data/ten
  ask 200 "If-Modified-Since long ago" -H 'If-Modified-Since: Sat, 01 Jan 2000 00:00:00 GMT' /data/ten
  ask 206 "If-Range with the tag" -H "If-Range: $tag" -H 'Range: bytes=0-1' /data/ten
  ask 200 "If-Range with another tag" -H 'If-Range: "other"' -H 'Range: bytes=0-1' /data/ten
  check_equal "If-Range with another tag" 0123456789 "$BODY"
  ask 206 "If-Match, as UEFI resumes" -H "If-Match: $tag" -H 'Range: bytes=5-' /data/ten
  ask 412 "If-Match of another" -H 'If-Match: "other"' -H 'Range: bytes=5-' /data/ten
}

http_forms() {
  ask 200 HEAD --head /data/ten
  check_equal "Content-Length of HEAD" 10 "$(header Content-Length)"
  ask 200 "an empty file" /data/empty
  check_equal "Content-Length of nothing" 0 "$(header Content-Length)"
  ask 404 "a missing file" /data/none
  ask 404 "HEAD of a missing file" --head /data/none
  ask '405|501' "a method that changes things" -X DELETE /data/ten
  ask 200 "HTTP/1.0" --http1.0 /data/ten
  check_equal "HTTP/1.0" 0123456789 "$BODY"
  ask 200 "a path with a space" /with%20space/file
  ask 200 "two slashes" //data//ten
  check_equal "two slashes" 0123456789 "$BODY"
  ask 200 "a query" '/data/ten?x=1'
  ask 200 "the kernel" /linux/vmlinuz
  cmp -s "$RUN/body" "$KERNEL" || fail "the kernel's bytes are not right"
  # One connection for two requests, and the server closes after HTTP/1.0.
  check_equal "connections for two requests" "1 0" "$(inside client1 curl -sS -o /dev/null -o /dev/null -w '%{num_connects} ' \
    "$URL/data/ten" "$URL/data/none" | xargs)"
  printf 'GET /data/ten HTTP/1.0\r\n\r\n' | inside client1 timeout 5 busybox nc "$SERVER" 80 >"$RUN/raw"
  [ "${PIPESTATUS[1]}" = 0 ] || fail "HTTP/1.0: the server does not close"
  check "GRUB wants the word HTTP/1.1 in every answer" grep -q '^HTTP/1.1 200' "$RUN/raw"
}

http_containment() {
  local path
  for path in /../secret /data/../../secret /%2e%2e/secret /data/%2e%2e/%2e%2e/secret /..%2fsecret /data/..%2f..%2fsecret \
    //../secret '/\..\secret' /%2e%2e%5csecret "/data/ten%00" "/data/ten%00.efi" "/%00" "/data/../../../../../etc/passwd" \
    "/${RUN#/}/secret" "//${RUN#/}/secret"; do
    ask '400|403|404' "the path $path" "$path"
  done
  # nginx, too, could be told not to follow it, for a price.
  [ "$CURRENT" = peer ] || ask '403|404' "a link out of the tree" /data/link-outside
  ask '400|404|414|431' "a very long path" "/$(printf '%05000d' 0)"
  ask 200 "still alive" /data/ten
}

case_http_clients() {
  http_lab
  http_forms
  http_ranges
  http_conditions
  http_containment
  detail "$DONE requests, all answered as they must be"
}
