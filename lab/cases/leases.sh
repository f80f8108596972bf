# Sourced by test.sh: DHCP clients of three makers, in a namespace, and what a lease has to survive.

lease_lab() { # CLIENTS
  network_up 0 "$1"
  server_begin
  serve
  EVENTS=$RUN/events; : >"$EVENTS"
  MAC=$(mac_of client1)
}

client_address() { ip -n "$(namespace "$1")" -4 -br addr show dev eth0 | awk '{sub("/.*", "", $3); print $3}'; } # CLIENT
has_address() { [ -n "$(client_address "$1")" ]; }
has_no_address() { ! has_address "$1"; }

udhcpc_start() { # CLIENT [OPTION...]: stays and keeps the lease
  local client=$1; shift
  process_start udhcpc "$client" "$RUN/udhcpc.log" env "LAB_EVENTS=$EVENTS" \
    busybox udhcpc -i eth0 -f -t 5 -T 1 -A 1 -s "$LAB/guest/udhcpc.sh" "$@"
}

udhcpc_once() { # CLIENT [OPTION...]: takes a lease and leaves; prints the address
  local client=$1; shift
  LAB_EVENTS=$EVENTS inside "$client" busybox udhcpc -i eth0 -f -n -q -t 4 -T 1 -s "$LAB/guest/udhcpc.sh" "$@" \
    >>"$RUN/udhcpc.log" 2>&1 </dev/null && client_address "$client"
}

lease_life() { # NAME RENEW-SIGNAL RELEASE-SIGNAL: a client that runs gets, renews and releases a lease
  local address acks
  check "no lease within 15 s" wait_until 15 has_address client1
  address=$(client_address client1)
  check "the address $address is not of the range" grep -qE "^$PREFIX\.1[0-9]{2}\$" <<<"$address"
  acks=$(server_count ack "$MAC")
  [ "$acks" -gt 0 ] || fail "the server's log has no ACK"
  sleep 1                           # a client that has just been bound may not listen to signals yet
  [ "$2" = '-' ] || process_signal "$1" "$2"
  check "not renewed within 15 s" wait_until 15 server_saw ack "$MAC" "$acks"
  check_equal "the address after the renewal" "$address" "$(client_address client1)"
  "$3" || fail "the client cannot release"
  check "the server's log has no RELEASE" wait_until 10 server_saw release "$MAC"
  check "the client keeps its address" wait_until 5 has_no_address client1
  detail "$address: got, renewed, released"
}

case_udhcpc() {
  lease_lab 1
  udhcpc_start client1
  udhcpc_release() { process_signal udhcpc USR2; }
  lease_life udhcpc USR1 udhcpc_release
}

case_dhclient() {
  local common
  lease_lab 1
  # It renews by itself only: its own idea of when, instead of the server's.
  printf 'supersede dhcp-renewal-time 3;\nsupersede dhcp-rebinding-time 60;\n' >"$RUN/dhclient.conf"
  common=(-4 -sf "$LAB/guest/dhclient.sh" -e "LAB_EVENTS=$EVENTS" -cf "$RUN/dhclient.conf"
    -lf "$RUN/dhclient.leases" -pf "$RUN/dhclient.pid")
  process_start dhclient client1 "$RUN/dhclient.log" dhclient -d "${common[@]}" eth0
  dhclient_release() { process_stop dhclient; inside client1 dhclient -r "${common[@]}" eth0 >>"$RUN/dhclient.log" 2>&1; }
  lease_life dhclient - dhclient_release
}

case_dhcpcd() {
  lease_lab 1
  # It writes to /run and /var/lib/dhcpcd, here to folders in memory that nobody else sees.
  process_start dhcpcd client1 "$RUN/dhcpcd.log" sh -c 'mount -t tmpfs none /run &&
    mount -t tmpfs none /var/lib/dhcpcd && exec dhcpcd -4 -B -d --noarp -f /dev/null -c /bin/true eth0'
  dhcpcd_release() { process_signal dhcpcd ALRM; }
  lease_life dhcpcd USR1 dhcpcd_release
}

case_restart_keeps_lease() {
  local address status asked
  lease_lab 1
  udhcpc_start client1
  check "no lease within 15 s" wait_until 15 has_address client1
  address=$(client_address client1)
  asked=$(now)
  kill -TERM "$SERVER_PID"
  wait "$SERVER_PID"; status=$?
  elapsed "$asked"
  check_equal "the exit status after SIGTERM" 0 "$status"
  [ "${TOOK%.*}" = 0 ] || fail "SIGTERM: it took $TOOK s to end"
  detail "$address kept; ended $TOOK s after SIGTERM"
  server_stop; serve
  : >"$EVENTS"
  process_signal udhcpc USR1
  check "not renewed after the restart; $(tail -1 "$RUN/udhcpc.log")" wait_until 15 grep -q '^renew' "$EVENTS"
  check_equal "the address after the restart" "renew $address" "$(tail -1 "$EVENTS")"
  process_stop udhcpc               # without a RELEASE, as when the power fails
  check_equal "the address of a fresh DISCOVER" "$address" "$(udhcpc_once client1)"
}

case_unknown_ignore() {
  network_up 0 2
  server_begin
  UNKNOWN=ignore
  machine "$(mac_of client2)" lab
  serve
  EVENTS=$RUN/events
  [ -z "$(udhcpc_once client1)" ] || fail "a machine that nobody knows got a lease"
  check "the log has no line about it" server_saw ignored "$(mac_of client1)"
  has_address client1 && fail "a machine that nobody knows has an address"
  [ -n "$(udhcpc_once client2)" ] || fail "the machine that is known got no lease"
  detail "no answer for the unknown machine, a lease for the known one"
}
