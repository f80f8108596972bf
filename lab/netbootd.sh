# Sourced: netbootd as the lab's server.

netbootd_configuration() { # the lab's profiles and machines as netbootd's configuration file
  local name mac kernel initrd line
  printf '%s\n' 'interface: eth0' "files: $TREE" "state: $STATE" 'dhcp:' '  mode: server' '  subnets:' \
    "    - subnet: $PREFIX.0/24" "      range: $PREFIX.100-$PREFIX.199" "      router: $PREFIX.254" \
    "      dns: [$PREFIX.254]" '      domain: lab.example' "      lease: $LEASE"
  if [ ${#PROFILES[@]} -gt 0 ]; then
    printf 'profiles:\n'
    for name in "${!PROFILES[@]}"; do
      IFS='|' read -r kernel initrd line <<<"${PROFILES[$name]}"
      printf '  %s:\n    kernel: %s\n    initrd: [%s]\n    cmdline: %s\n' "$name" "$kernel" "$initrd" "$line"
      [ -z "${PROFILE_EXTRA[$name]:-}" ] || printf '    %s\n' "${PROFILE_EXTRA[$name]}"
    done
  fi
  if [ ${#MACHINES[@]} -gt 0 ]; then
    printf 'machines:\n'
    for mac in "${!MACHINES[@]}"; do printf '  - mac: %s\n    profile: %s\n' "$mac" "${MACHINES[$mac]}"; done
  fi
  printf 'default: %s\nunknown: %s\n%s\n' "$DEFAULT" "$UNKNOWN" "$EXTRA_CONFIGURATION"
}

netbootd_start() {
  netbootd_configuration >"$RUN/netbootd.yaml"
  netbootd_run
}

NETBOOTD_UNDER=() # the program that starts it: setpriv, say

netbootd_run() { # starts it with $RUN/netbootd.yaml as that is; its log is $SERVER_LOG
  [ -x "$NETBOOTD" ] || { WHY="there is no $NETBOOTD; try: make build"; return 1; }
  SERVER_LOG=$RUN/netbootd.log
  # It gives up root; what it writes must belong to the user that it becomes.
  chown -R "$(netbootd_user)" "$STATE"
  printf '\n' >>"$SERVER_LOG"
  LOG_START=$(wc -l <"$SERVER_LOG")
  process_start netbootd server "$SERVER_LOG" "${NETBOOTD_UNDER[@]}" "$NETBOOTD" serve --config "$RUN/netbootd.yaml" --log-format json
  SERVER_PID=$STARTED
  wait_until 10 netbootd_is_settled
  netbootd_is_ready && process_pid netbootd >/dev/null && return 0
  WHY="netbootd did not start: $(netbootd_log | readable | tail -1)"
  return 1
}

netbootd_user() { if getent passwd netbootd >/dev/null; then printf netbootd; else printf nobody; fi; }
netbootd_log() { tail -n "+$((LOG_START + 1))" "$SERVER_LOG"; } # since the last start
readable() { # JSON log lines as words; other lines as they are
  sed -E -e 's/^\{"time":"[^T]*T([^"]*)Z","level":"([^"]*)","message":"(([^"\\]|\\.)*)"(.*)\}$/\1 \2 \3\5/' \
    -e 's/,"([a-z-]+)":("([^"\\]|\\.)*"|[0-9]+)/ \1=\2/g'
}
netbootd_is_ready() { netbootd_log | grep -q '"message":"ready"'; }
netbootd_is_settled() { netbootd_is_ready || ! process_pid netbootd >/dev/null; }

netbootd_stop() { process_stop netbootd; }

netbootd_count() { # KIND MAC
  local event
  case $1 in
  ignored) event='dhcp ignore' ;;
  *) event="dhcp $1" ;;
  esac
  netbootd_log | grep "\"message\":\"$event" | grep -c "\"mac\":\"$2\""
}

netbootd_fetched() { netbootd_log | grep -E '"message":"(tftp|http) sent"' | grep -q "\"file\":\"/\?$1\""; } # FILE

netbootd_leases() { ls -l "$STATE"; grep -E '"message":"dhcp' "$SERVER_LOG" | tail -20; }
