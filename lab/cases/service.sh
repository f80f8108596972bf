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
