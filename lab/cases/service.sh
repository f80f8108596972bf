# Sourced by test.sh: netbootd as a service: a changed configuration, a port that somebody else has.

log_lines() { wc -l <"$SERVER_LOG"; }
log_has_after() { tail -n "+$(($1 + 1))" "$SERVER_LOG" | grep -qE "$2"; } # LINE REGEX

case_reload() {
  local before line
  need_netbootd
  network_up 0 2
  server_begin
  serve
  EVENTS=$RUN/events
  # A profile that is not there, and a range that would show that the file was taken all the same.
  sed -i -e 's/^default: .*/default: nowhere/' -e "s/range: .*/range: $PREFIX.210-$PREFIX.219/" "$RUN/netbootd.yaml"
  line=$(grep -n '^default:' "$RUN/netbootd.yaml" | cut -d: -f1)
  before=$(log_lines)
  process_signal netbootd HUP
  check "the log does not name netbootd.yaml:$line:10" wait_until 5 log_has_after "$before" "netbootd\.yaml:$line:10"
  check_equal "the range after a bad file" "$PREFIX.1" "$(udhcpc_once client1 | cut -c1-$((${#PREFIX} + 2)))"
  sed -i 's/^default: .*/default: lab/' "$RUN/netbootd.yaml"
  before=$(log_lines)
  process_signal netbootd HUP
  check "the log says nothing of a reload" wait_until 5 log_has_after "$before" '"message":"[^"]*(reload|configuration)'
  check_equal "the range after a good file" "$PREFIX.21" "$(udhcpc_once client2 | cut -c1-$((${#PREFIX} + 3)))"
  check_equal "the process" "$SERVER_PID" "$(process_pid netbootd)"
  detail "a bad file refused at line $line, column 10; a good one taken"
}

# As systemd starts it: an ordinary user from the first moment, with two capabilities, a socket to say that it is
# ready, and `netbootd check` run beside it before a reload.
case_as_a_service() {
  local capabilities=+net_bind_service,+net_raw user address
  need_netbootd
  network_up 0 1
  server_begin
  EVENTS=$RUN/events
  user=$(netbootd_user)
  process_start manager server "$RUN/manager.log" python3 -c 'import os, socket, sys
manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
manager.bind(sys.argv[1])
os.chmod(sys.argv[1], 0o777)
while True: print(manager.recv(4096).decode(), flush=True)' "$RUN/notify"
  check "the lab has no service manager" wait_until 5 test -S "$RUN/notify"
  NETBOOTD_UNDER=(env "NOTIFY_SOCKET=$RUN/notify" setpriv --reuid "$user" --regid "$(id -g "$user")" --clear-groups
    --inh-caps "$capabilities" --ambient-caps "$capabilities" --bounding-set "-all,$capabilities" --no-new-privs)
  serve
  check "the manager was not told: $(cat "$RUN/manager.log")" wait_until 5 grep -q '^READY=1' "$RUN/manager.log"
  check_equal "who runs" "$(id -u "$user")" "$(awk '/^Uid:/ {print $2}' "/proc/$SERVER_PID/status")"
  address=$(udhcpc_once client1) || fail "no lease"
  check "no file by TFTP" inside client1 curl -sS -m 10 -o "$RUN/by-tftp" "tftp://$PREFIX.1/data/sample"
  check "no file by HTTP" inside client1 curl -sS -m 10 -f -o "$RUN/by-http" "http://$PREFIX.1/data/sample"
  check "other bytes by TFTP" cmp -s "$RUN/by-tftp" "$TREE/data/sample"
  check "other bytes by HTTP" cmp -s "$RUN/by-http" "$TREE/data/sample"
  check "the check beside it fails: $(inside server "$NETBOOTD" check -c "$RUN/netbootd.yaml" | tail -1)" \
    inside server "$NETBOOTD" check -c "$RUN/netbootd.yaml"
  process_signal netbootd TERM
  check "the manager was not told of the end" wait_until 5 grep -q '^STOPPING=1' "$RUN/manager.log"
  detail "$address, TFTP and HTTP from the user $user; ready, checked and stopped as systemd wants it"
}

taken() { # KIND PORT: another process has it; serve must end and name port and process
  local status
  process_start taker server "$RUN/taker.log" python3 -c 'import socket, sys, time
taken = socket.socket(socket.AF_INET, getattr(socket, sys.argv[1]))
taken.bind(("0.0.0.0", int(sys.argv[2])))
if sys.argv[1] == "SOCK_STREAM": taken.listen()
print("bound", flush=True)
time.sleep(60)' "$1" "$2"
  check "the lab cannot take port $2" wait_until 5 grep -q bound "$RUN/taker.log"
  netbootd_configuration >"$RUN/netbootd.yaml"
  chown -R "$(netbootd_user)" "$STATE"
  inside server timeout 10 "$NETBOOTD" serve --config "$RUN/netbootd.yaml" >"$RUN/port-$2.log" 2>&1 </dev/null; status=$?
  case $status in 0 | 124) fail "port $2 is taken: serve goes on (status $status)" ;; esac
  check "port $2 is taken: the message does not name it: $(tail -1 "$RUN/port-$2.log")" grep -qw "$2" "$RUN/port-$2.log"
  check "port $2 is taken: the message does not name the process (python3): $(tail -1 "$RUN/port-$2.log")" \
    grep -q python3 "$RUN/port-$2.log"
  process_stop taker
  rm -f "$RUN/taker.log"
}

case_port_taken() {
  need_netbootd
  network_up 0 0
  server_begin
  taken SOCK_DGRAM 67
  taken SOCK_DGRAM 69
  taken SOCK_STREAM 80
  detail "67, 69 and 80: each named, with the process that has it"
}
