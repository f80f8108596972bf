# Sourced by test.sh: TFTP clients of three makers, each with every option it has.

tftp_lab() {
  network_up 0 1
  server_begin
  local size
  for size in 0 511 512 513 1428 2856 7000 65464; do head -c "$size" "$KERNEL" >"$TREE/data/$size"; done
  printf 'one\ntwo\r\nthree\rfour\n\nlast' >"$TREE/data/text"
  # Numbered, so that a block that comes twice or in another's place is seen.
  seq -f 'line %020.0f' 1 1400000 >"$TREE/data/large"
  serve
  ip -n "$(namespace client1)" addr add "$PREFIX.50/24" dev eth0
  GOT=$RUN/got; DONE=0
}

same() { # WHAT FILE: what came is what is in the tree
  cmp -s "$GOT" "$TREE/data/$2" ||
    fail "$1 data/$2: other bytes ($(stat -c %s "$GOT" 2>/dev/null || echo no) of $(stat -c %s "$TREE/data/$2"))"
  rm -f "$GOT"; DONE=$((DONE + 1))
}

curl_tftp() { # FILE [OPTION...]
  local file=$1; shift
  rm -f "$GOT"; : >"$GOT"
  inside client1 curl -sS --max-time 60 -o "$GOT" "$@" "tftp://$SERVER/data/$file" 2>>"$RUN/client.log"
}

hpa_tftp() { # MODE COMMAND...: it says on its standard output what went wrong, and ends with 0 even so
  local mode=$1; shift
  inside client1 timeout 120 tftp -4 -m "$mode" "$SERVER" -c "$@" >"$RUN/tftp.out" 2>&1 </dev/null
}

tftp_sizes() {
  local size block
  for size in 0 511 512 513 1428 2856 7000 65464; do
    curl_tftp "$size" --tftp-no-options || fail "curl --tftp-no-options data/$size: status $?"; same 'curl without options' "$size"
    rm -f "$GOT"; hpa_tftp octet get "data/$size" "$GOT"; same tftp-hpa "$size"
    # curl takes a tsize of 0 for an error.
    [ "$size" != 0 ] || continue
    curl_tftp "$size" || fail "curl data/$size: status $?"; same curl "$size"
    inside client1 timeout 60 busybox tftp -g -r "data/$size" -l "$GOT" "$SERVER" 2>>"$RUN/client.log"; same busybox "$size"
  done
  for block in 8 511 512 1024 1428 1468 8192 65464; do
    curl_tftp 7000 --tftp-blksize "$block" || fail "curl --tftp-blksize $block: status $?"; same "curl with blocks of $block" 7000
    [ "$block" != 8 ] || block=100  # its request must fit into a block
    inside client1 timeout 60 busybox tftp -b "$block" -g -r data/65464 -l "$GOT" "$SERVER" 2>>"$RUN/client.log"
    same "busybox -b $block" 65464
  done
}

tftp_netascii() {
  # On the wire a line ends in CR LF, and a CR by itself is CR NUL.
  rm -f "$GOT"
  inside client1 curl -sS -o "$GOT" "tftp://$SERVER/data/text;mode=netascii" || fail "curl in netascii: status $?"
  check_equal 'netascii on the wire' "$(printf 'one\r\ntwo\r\0\r\nthree\r\0four\r\n\r\nlast' | od -An -c)" "$(od -An -c "$GOT")"
  rm -f "$GOT"; hpa_tftp netascii get data/text "$GOT"; same 'tftp-hpa in netascii' text
}

tftp_refusals() {
  local begun status
  begun=$(now)
  curl_tftp none; status=$?
  elapsed "$begun"
  check_equal "curl's status for a file that is not there (68: error 1)" 68 "$status"
  [ "${TOOK%.*}" = 0 ] || fail "a file that is not there: $TOOK s until the answer"
  hpa_tftp octet get data/none "$GOT"
  check "tftp-hpa is not told error 1: $(tail -1 "$RUN/tftp.out")" grep -q 'code 1:' "$RUN/tftp.out"
  begun=$(now)
  head -c 100 "$KERNEL" >"$RUN/put"
  hpa_tftp octet put "$RUN/put" data/put
  elapsed "$begun"
  check "a write is not refused: $(tail -1 "$RUN/tftp.out")" grep -qE 'code [24]:' "$RUN/tftp.out"
  [ "${TOOK%.*}" = 0 ] || fail "a write: $TOOK s until it is refused"
  inside client1 curl -sS --max-time 20 -T "$RUN/put" "tftp://$SERVER/data/put" 2>>"$RUN/client.log" &&
    fail "curl was allowed to write"
  [ ! -e "$TREE/data/put" ] || fail "a client has written data/put"
}

case_tftp_clients() {
  tftp_lab
  tftp_sizes
  [ "$CURRENT" = peer ] || tftp_netascii   # dnsmasq leaves a CR as it is
  tftp_refusals
  # More than 65535 blocks of 512 bytes: the number goes round.
  [ "$(stat -c %s "$TREE/data/large")" -gt 33554432 ] || fail "the large file is too small"
  rm -f "$GOT"; hpa_tftp octet get data/large "$GOT"; same 'tftp-hpa' large
  curl_tftp large --tftp-blksize 1428 || fail "curl, the large file: status $?"; same curl large
  detail "$DONE transfers, all bytes right"
}
