# Sourced by test.sh: live hosts that join. The guest boots the profile `lab` over the network, runs $TREE/data/run,
# and is to end up in the profile `second`, whose kernel says so on the same console.

join_begin() {
  need_netbootd
  [ -x "$KEXEC_JOIN" ] || fail "there is no $KEXEC_JOIN; try: make build"
  network_up 1 0
  server_begin
  profile lab linux/vmlinuz "linux/initramfs.cpio.gz, linux/extra.cpio.gz" "$(lab_command_line lab) lab.run={http}/data/run"
  profile second linux/vmlinuz linux/initramfs.cpio.gz "$(lab_command_line second)"
  JOIN="wget -q -O - http://$SERVER/join | sh -s --"
}

guest_runs() { # the script on standard input; it has say, and JOIN for what people type
  { printf 'say() { echo "LAB: $*"; }\nJOIN() { %s "$@"; }\n' "$JOIN"; cat; } >"$TREE/data/run"
}

# The last lines of a script in which kexec-join must fail.
STAYS='; status=$?; say "loaded $(cat /sys/kernel/kexec_loaded)"; exit $status'

join_start() { # [KIND [MEGABYTES [DISK]]]: serves, and switches the machine on
  serve
  machine_start vm1 "${1:-bios}" "${2:-512}" "${3:-}"
  machine_wait vm1 'LAB: userspace' 240 || fail "$WHY"
}

joined() { # [SECONDS]: the second kernel runs, and reached the network
  machine_wait vm1 'LAB: tag second' "${1:-90}" || fail "no second kernel: $WHY; $(join_said)"
  machine_wait vm1 'LAB: done' 120 || fail "in the second system: $WHY"
  check "the second system did not fetch the sample whole" \
    grep -q "LAB: fetched $(sha256sum <"$TREE/data/sample" | cut -d' ' -f1)" "$RUN/vm1/console.log"
  check "the journal does not tell of its return" grep -q '"message":"join back"' <(netbootd_log)
  detail "joined; second userspace after $TOOK s"
}

refused() { # REGEX: kexec-join says so, and the old system lives on
  machine_wait vm1 'LAB: run ended with' 240 || fail "$WHY"
  check "kexec-join does not say '$1': $(join_said)" grep -qE "$1" <(machine_console vm1)
  check "kexec-join ended well" grep -qE 'LAB: run ended with [1-9]' "$RUN/vm1/console.log"
  check "an image is still loaded" grep -q 'LAB: loaded 0' "$RUN/vm1/console.log"
  check_not "the machine is in another system" grep -q 'LAB: tag second' "$RUN/vm1/console.log"
  detail "refused: $(machine_console vm1 | grep -oE "$1" | tail -1)"
}

join_said() { machine_console vm1 | grep -i 'kexec-join' | tail -1 | cut -c1-160; }
second_line() { machine_console vm1 | sed -n 's/^LAB: command line //p' | tail -1; }
has_word() { check "the second command line lacks '$1': $(second_line)" grep -qF -- " $1 " <<<" $(second_line) "; }
has() { check "the second command line lacks $1: $(second_line)" grep -qE -- "$1" <<<"$(second_line)"; } # REGEX

# The guest has busybox and nothing else: no C library, no package, no resolver.
case_join_file_load() {
  join_begin
  guest_runs <<<'JOIN --entry second --method file --now --yes --reuse-cmdline'
  join_start; joined
  has_word "BOOTIF=01-$(mac_of vm1 | tr : -)"
}

case_join_segments() {
  join_begin
  guest_runs <<<'JOIN --entry second --method segments --now --yes'
  join_start; joined
}

case_join_uefi_segments() {
  join_begin
  guest_runs <<<'JOIN --entry second --method segments --now --yes'
  join_start uefi-ipv4 768; joined
}

case_join_dry_run() {
  join_begin
  guest_runs <<<'JOIN --entry second --dry-run; say "loaded $(cat /sys/kernel/kexec_loaded)"
JOIN --entry second --dry-run --json >/tmp/plan; say "json $(head -c 1 /tmp/plan)"'
  join_start
  machine_wait vm1 'LAB: run ended with' 240 || fail "$WHY"
  check "a dry run loads something" grep -q 'LAB: loaded 0' "$RUN/vm1/console.log"
  check "no plan" grep -q "http://$SERVER/linux/vmlinuz" <(machine_console vm1)
  check "no JSON" grep -q 'LAB: json {' "$RUN/vm1/console.log"
}

# A bond over the card, a VLAN over the bond, a static address on that: dracut is told all of it.
case_join_bond_vlan() {
  join_begin
  PROFILE_EXTRA[second]='initramfs: dracut'
  inside server ip addr add 10.7.0.1/24 dev eth0
  guest_runs <<SCRIPT
load bonding 8021q
ip addr flush dev eth0; ip link set eth0 down
[ -d /sys/class/net/bond0 ] || echo +bond0 >/sys/class/net/bonding_masters
ip link set bond0 down
echo active-backup >/sys/class/net/bond0/bonding/mode
ip link set bond0 address 02:00:00:00:00:77
ip link set bond0 up; echo +eth0 >/sys/class/net/bond0/bonding/slaves
vconfig add bond0 7
ip addr add 10.7.0.9/24 dev bond0.7; ip link set bond0.7 up
ip route add $SERVER via 10.7.0.1
for try in 1 2 3 4 5 6 7 8 9 10; do ping -c 1 -W 1 $SERVER >/dev/null && break; done
JOIN --entry second --now --yes --force
SCRIPT
  join_start bios-vlan; joined
  has_word "ifname=bootnet:$(mac_of vm1)"
  has_word 'vlan=bootnet.7:bootnet'
  has 'ip=10\.7\.0\.9::'
}

case_join_static() {
  join_begin
  guest_runs <<SCRIPT
ip addr flush dev eth0; ip addr add 10.0.0.77/24 dev eth0; ip route add default via 10.0.0.254
JOIN --entry second --now --yes
SCRIPT
  join_start; joined
  has 'ip=10\.0\.0\.77:[0-9.]*:10\.0\.0\.254:255\.255\.255\.0:'
}

# The cable is pulled in the middle of an initrd of 60 MB and put back.
case_join_resumes() {
  join_begin
  mkdir "$RUN/big"; head -c 60000000 /dev/urandom >"$RUN/big/noise"
  (cd "$RUN/big" && find . | cpio -o -H newc --quiet) >"$TREE/linux/big.cpio"
  profile second linux/vmlinuz "linux/initramfs.cpio.gz, linux/big.cpio" "$(lab_command_line second)"
  guest_runs <<<'JOIN --entry second --now --yes'
  join_start bios 768
  machine_wait vm1 'big\.cpio' 120 || fail "the big initrd is never begun: $WHY"
  inside switch ip link set tap1 down
  sleep 6
  inside switch ip link set tap1 up
  joined 300
}

# The server goes away in the middle of it, and another one comes.
case_join_server_restart() {
  join_begin
  mkdir "$RUN/big"; head -c 60000000 /dev/urandom >"$RUN/big/noise"
  (cd "$RUN/big" && find . | cpio -o -H newc --quiet) >"$TREE/linux/big.cpio"
  profile second linux/vmlinuz "linux/initramfs.cpio.gz, linux/big.cpio" "$(lab_command_line second)"
  guest_runs <<<'JOIN --entry second --now --yes'
  join_start bios 768
  machine_wait vm1 'big\.cpio' 120 || fail "the big initrd is never begun: $WHY"
  server_stop
  serve
  joined 300
  check "the server was not asked for the rest" grep -q '"range":"bytes=[1-9]' "$SERVER_LOG"
}

# The file changes behind the server's back: same size, same time, one bit.
case_join_flipped_bit() {
  join_begin
  cp --remove-destination "$KERNEL" "$TREE/linux/other"
  profile second linux/other linux/initramfs.cpio.gz "$(lab_command_line second)"
  guest_runs <<<"JOIN --entry second --now --yes$STAYS"
  serve
  wait_until 20 digests_known || fail "the server has no digests"
  touch -r "$TREE/linux/other" "$RUN/time"
  printf '\x55' | dd of="$TREE/linux/other" bs=1 seek=5000000 conv=notrunc status=none
  touch -r "$RUN/time" "$TREE/linux/other"
  machine_start vm1 bios 512
  refused 'SHA-256'
}
digests_known() {
  inside server curl -fsS -o /dev/null "http://$SERVER/api/v1/join?mac=$(mac_of vm1)&arch=x86_64&platform=pcbios&entry=second" 2>/dev/null
}

case_join_signature() {
  join_begin
  "$NETBOOTD" keygen --out "$RUN/good.key" >/dev/null || fail "no key"
  "$NETBOOTD" keygen --out "$RUN/other.key" >/dev/null || fail "no key"
  chgrp "$(id -gn "$(netbootd_user)")" "$RUN/good.key"
  EXTRA_CONFIGURATION="signing-key: $RUN/good.key"
  cp "$RUN/good.key.pub" "$TREE/data/good.pub"; cp "$RUN/other.key.pub" "$TREE/data/other.pub"
  guest_runs <<SCRIPT
wget -q -O /tmp/good http://$SERVER/data/good.pub; wget -q -O /tmp/other http://$SERVER/data/other.pub
JOIN --entry second --now --yes --trust-key /tmp/other; say "other \$?"
JOIN --entry second --now --yes --trust-key /tmp/good; say "good \$?"
SCRIPT
  join_start; joined
  check "the wrong key was taken" grep -qE 'LAB: other [1-9]' "$RUN/vm1/console.log"
  check "no word of the signature" grep -qi 'signature' <(machine_console vm1)
}

case_join_memory() {
  join_begin
  truncate -s 400M "$TREE/linux/huge.cpio"; printf '070701' | dd of="$TREE/linux/huge.cpio" conv=notrunc status=none
  profile second linux/vmlinuz "linux/initramfs.cpio.gz, linux/huge.cpio" "$(lab_command_line second)"
  guest_runs <<<"JOIN --entry second --now --yes --force$STAYS"
  join_start bios 384
  refused '[Mm]emory.*MiB'
  check_not "the initrd was fetched all the same" server_fetched linux/huge.cpio
}

case_join_disabled() {
  join_begin
  guest_runs <<<"echo 1 >/proc/sys/kernel/kexec_load_disabled; JOIN --entry second --now --yes$STAYS"
  join_start
  refused 'kexec_load_disabled'
}

# Whoever ends kexec-join between load and jump, at the question or while it waits, leaves no image behind.
case_join_interrupted() {
  join_begin
  guest_runs <<SCRIPT
wget -q -O /tmp/join http://$SERVER/join
loaded() { cat /sys/kernel/kexec_loaded; }
end() { # SIGNAL
  for try in 1 2 3 4 5 6 7 8 9 10; do [ "\$(loaded)" = 1 ] && break; sleep 1; done
  sleep 2; say "before \$1: \$(loaded)"
  for process in /proc/[0-9]*; do
    [ "\$(cat \$process/cmdline | tr '\\0' ' ' | grep -c 'kexec-join.* --entry\|exe.* --jump')" = 1 ] && kill -\$1 \${process#/proc/}
  done
  for try in 1 2 3 4 5 6 7 8 9 10; do [ "\$(loaded)" = 0 ] && break; sleep 1; done
  say "after \$1: \$(loaded)"
}
setsid -c sh /tmp/join --entry second --now </dev/ttyS0 >/dev/ttyS0 2>&1 & end INT; wait
sh /tmp/join --entry second --now --yes --delay 300s; end TERM
exit 1
SCRIPT
  join_start
  machine_wait vm1 'LAB: run ended with' 240 || fail "$WHY"
  local signal
  for signal in INT TERM; do
    check "nothing was loaded before SIG$signal" grep -q "LAB: before $signal: 1" "$RUN/vm1/console.log"
    check "SIG$signal left an image" grep -q "LAB: after $signal: 0" "$RUN/vm1/console.log"
  done
}

join_debian() { # [INIT]: the guest is a whole Debian on a disk
  join_begin
  build_root "${1:-systemd}" || skip "$WHY"
  profile lab linux/vmlinuz "linux/initramfs.cpio.gz, linux/extra.cpio.gz" \
    "console=ttyS0 quiet no_timer_check lab.disk=/dev/vda lab.run={http}/data/run"
  JOIN="curl -fsS http://$SERVER/join | sh -s --"
}

# Its services are stopped and its file systems unmounted, and then it jumps.
case_join_systemd() {
  join_debian
  guest_runs <<<'JOIN --entry second --yes --delay 2s'
  join_start bios 768 "scratch:$ROOT_IMAGE"; joined
}

# An ordinary reboot becomes a jump, and a power-off stays one. Debian's initramfs mounts /run like this.
case_join_service() {
  join_debian
  guest_runs <<<"mount -o remount,noexec /run; JOIN --install-service systemd --server http://$SERVER --entry second && systemctl reboot"
  join_start bios 768 "scratch:$ROOT_IMAGE"; joined
}

case_join_service_poweroff() {
  join_debian
  guest_runs <<<"JOIN --install-service systemd --server http://$SERVER --entry second && systemctl poweroff"
  join_start bios 768 "scratch:$ROOT_IMAGE"
  machine_wait vm1 'Power down' 120 || fail "the machine is still on: $WHY"
  wait_until 10 machine_is_off || fail "the machine is still on: $(machine_console vm1 | tail -1)"
  check_not "the power-off became a jump" grep -q 'LAB: tag second' "$RUN/vm1/console.log"
  check_not "an entry was loaded for a power-off" grep -q '"stage":"loaded"' <(netbootd_log)
}
machine_is_off() { ! process_pid vm1 >/dev/null; }

# The same with OpenRC beneath sysvinit: one service loads, the last one jumps.
case_join_openrc_service() {
  join_debian openrc
  guest_runs <<<"JOIN --install-service openrc --server http://$SERVER --entry second && reboot"
  join_start bios 768 "scratch:$ROOT_IMAGE"; joined
}

case_join_openrc() {
  join_debian openrc
  guest_runs <<<"JOIN --install-service openrc --server http://$SERVER && JOIN --entry second --yes --delay 1s"
  join_start bios 768 "scratch:$ROOT_IMAGE"; joined
}
