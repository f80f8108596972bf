# Sourced: dnsmasq and nginx, set up as well as we know how, in netbootd's place: what netbootd is
# compared with, and the proof that the lab itself is right.
# Packages: dnsmasq-base, nginx-light, ipxe.

peer_start() {
  local dir=$RUN/peer name option=()
  mkdir -p "$dir"; SERVER_LOG=$dir/dnsmasq.log
  cp -u /usr/lib/ipxe/undionly.kpxe /usr/lib/ipxe/snponly.efi "$TREE/"
  for name in "${!PROFILES[@]}"; do peer_script "$name" >"$TREE/$name.ipxe"; done
  printf '#!ipxe\nexit 1\n' >"$TREE/local.ipxe"
  mapfile -t option < <(peer_options)
  process_start dnsmasq server "$dir/dnsmasq.out" dnsmasq --keep-in-foreground --conf-file=/dev/null --no-hosts \
    --no-resolv --port=0 --user=root --group=root --interface=eth0 --bind-interfaces --log-dhcp \
    --log-facility="$SERVER_LOG" --pid-file= --dhcp-leasefile="$STATE/leases" \
    --enable-tftp --tftp-root="$TREE" "${option[@]}"
  SERVER_PID=$STARTED
  peer_nginx "$dir"
  wait_until 5 peer_is_ready && process_pid dnsmasq >/dev/null && return 0
  WHY="the peer did not start: $(cat "$dir/dnsmasq.out" "$dir/nginx.out" | tail -1)"
  return 1
}

peer_is_ready() { [ -n "$(inside server ss -Hltn 'sport = :80')" ] && [ -n "$(inside server ss -Hlun 'sport = :67')" ]; }

peer_nginx() { # DIR
  cat >"$1/nginx.conf" <<END
daemon off; master_process off; pid $1/nginx.pid; error_log $1/nginx-error.log; user root;
events { worker_connections 256; }
http {
  client_body_temp_path $1; proxy_temp_path $1; fastcgi_temp_path $1; uwsgi_temp_path $1; scgi_temp_path $1;
  default_type application/octet-stream; types { application/efi efi; text/plain ipxe; }
  sendfile on; access_log $1/nginx.log;
  server { listen $SERVER:80; root $TREE; }
}
END
  process_start nginx server "$1/nginx.out" nginx -c "$1/nginx.conf" -p "$1" -e "$1/nginx-error.log"
}

peer_stop() { process_stop dnsmasq; process_stop nginx; }

peer_script() { # PROFILE: its iPXE script
  local kernel initrd line
  IFS='|' read -r kernel initrd line <<<"${PROFILES[$1]}"
  printf '#!ipxe\nkernel http://%s/%s initrd=initrd %s\ninitrd --name initrd http://%s/%s\nboot\n' \
    "$SERVER" "$kernel" "${line//'{http}'/http://$SERVER}" "$SERVER" "$initrd"
}

peer_options() { # one a line
  local mac
  # What makes it fast: no ping before an offer, no wait for other DHCP servers in iPXE (option 175.176),
  # and router advertisements, for which iPXE waits, too.
  printf '%s\n' --dhcp-authoritative --no-ping --dhcp-option=encap:175,176,1b --enable-ra --dhcp-range=fd77::,ra-only \
    "--dhcp-range=$PREFIX.100,$PREFIX.199,$LEASE" "--dhcp-option=option:router,$PREFIX.254" \
    --dhcp-userclass=set:ipxe,iPXE \
    --dhcp-match=set:bios,option:client-arch,0 --dhcp-match=set:uefi,option:client-arch,7 \
    --dhcp-match=set:uefi,option:client-arch,9 --dhcp-match=set:http,option:client-arch,16 \
    --dhcp-option-force=tag:http,60,HTTPClient
  for mac in "${!MACHINES[@]}"; do
    printf '%s\n' "--dhcp-host=$mac,set:named,set:target-${MACHINES[$mac]}"
    peer_target "tag:target-${MACHINES[$mac]}" "${MACHINES[$mac]}"
  done
  peer_target 'tag:!named' "$DEFAULT"
  if [ "$UNKNOWN" = ignore ]; then printf '%s\n' '--dhcp-ignore=tag:!known'; fi
}

peer_target() { # TAGS TARGET
  printf '%s\n' "--dhcp-boot=tag:ipxe,$1,http://$SERVER/$2.ipxe"
  if [ "$2" = local ]; then
    # A BIOS goes on without a boot file; UEFI only when its boot file is refused.
    printf '%s\n' "--dhcp-boot=tag:!ipxe,tag:uefi,$1,none.efi" "--dhcp-boot=tag:!ipxe,tag:http,$1,http://$SERVER/none.efi"
  else
    printf '%s\n' "--dhcp-boot=tag:!ipxe,tag:bios,$1,undionly.kpxe" "--dhcp-boot=tag:!ipxe,tag:uefi,$1,snponly.efi" \
      "--dhcp-boot=tag:!ipxe,tag:http,$1,http://$SERVER/snponly.efi"
  fi
}

peer_count() { # KIND MAC
  local event
  case $1 in
  ignored) grep -c "DHCP[A-Z]*(eth0).* $2 .*ignored" "$SERVER_LOG" ;;
  *) event=DHCP${1^^}; grep -c "$event(eth0).* $2" "$SERVER_LOG" ;;
  esac
}

peer_fetched() { # FILE
  grep -q "sent $TREE/$1 " "$SERVER_LOG" || grep -q "\"GET /$1 .*\" 20[06]" "$RUN/peer/nginx.log"
}

peer_leases() { cat "$STATE/leases"; }
