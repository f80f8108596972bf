# Sourced by test.sh: clients that mount over NFS. What they run is a script that the guest fetches; each line that it
# says "ok NAME" or "FAIL NAME" is one of the checks.

nfs_lab() { # [TAPS [CLIENTS]]: a tree of all kinds of files, exported as /export
  need_netbootd
  network_up "${1:-1}" "${2:-0}"
  server_begin
  build_nfs_extra
  ln -f "$NFS_EXTRA" "$TREE/linux/nfs.cpio.gz"
  nfs_tree "$TREE/export"
  bash -c "$NFS_MANIFEST; manifest '$TREE/export'" >"$TREE/data/manifest" 2>"$RUN/manifest.err"
  [ ! -s "$RUN/manifest.err" ] || fail "the source's own manifest: $(head -1 "$RUN/manifest.err")"
  profile lab linux/vmlinuz "linux/initramfs.cpio.gz, linux/nfs.cpio.gz" "$(lab_command_line lab) lab.run={http}/data/run"
  nfs_exports "[no_root_squash]"
}

nfs_exports() { # OPTIONS: of the one export
  EXTRA_CONFIGURATION=$(printf '%s\n' 'nfs:' '  exports:' '    - path: /export' "      clients: [$PREFIX.0/24, 'fd77::/64']" \
    "      options: $1")
}

nfs_guest() { # SECONDS: what is on standard input runs in a guest; fails with the first check that does
  { printf 'SERVER=%s SERVER6=%s\n%s\n' "$SERVER" "$SERVER6" "$NFS_MANIFEST"; cat "$LAB/guest/nfs.sh" -; } >"$TREE/data/run"
  serve
  machine_start vm1 bios 768
  machine_wait vm1 'LAB: run ended with' "$1" || fail "$WHY"
  NFS_CHECKS=$(machine_console vm1 | grep -c '^LAB: ok')
  ! machine_console vm1 | grep -q '^LAB: FAIL' || fail "$(machine_console vm1 | grep -m1 '^LAB: FAIL' | cut -c6-200)"
  check "the guest's script: $(machine_console vm1 | grep '^LAB: run ended')" \
    grep -q 'LAB: run ended with 0' "$RUN/vm1/console.log"
  [ "$NFS_CHECKS" -gt 0 ] || fail "the guest checked nothing"
}

nfs_log_has() { # MESSAGE PATTERN: a line of netbootd's log
  netbootd_log | grep "\"message\":\"$1" | grep -q -- "$2"
}

# mount.nfs as Debian has it, by each version and without one; every file compared by all that it is.
case_nfs_mount() {
  nfs_lab
  nfs_guest 400 <<'SCRIPT'
for options in vers=3,nolock vers=4.1 vers=4.2 ''; do
  ok "mount.nfs ${options:-default}" mount.nfs "$SERVER:/export" /mnt -o "ro${options:+,$options}"
  say "$(grep ' /mnt ' /proc/mounts)"
  same_tree "${options:-default}"
  not "write by ${options:-default}" touch /mnt/new
  not "chmod by ${options:-default}" chmod 600 /mnt/one
  ok "setuid program by ${options:-default}" as_nobody /mnt/bin/true
  ok "umount ${options:-default}" umount /mnt
done
ok "the default is 4.2" mount.nfs "$SERVER:/export" /mnt -o ro
ok "the default is 4.2" grep -q ' /mnt .*vers=4.2' /proc/mounts
ok "umount" umount /mnt
ok "a folder below the export, v3" mount.nfs "$SERVER:/export/many" /mnt -o ro,vers=3,nolock
ok "its entries" test -e /mnt/entry-2999
ok "umount" umount /mnt
ok "a folder below the export, v4" mount.nfs "$SERVER:/export/many" /mnt -o ro,vers=4.2
ok "its entries" test -e /mnt/entry-2999
ok "umount" umount /mnt
ok "the root above the exports" mount.nfs "$SERVER:/" /mnt -o ro,vers=4.2
ok "the export in it" test -e /mnt/export/one
ok "umount" umount /mnt
not "no such export" mount.nfs "$SERVER:/nothing" /mnt -o ro,vers=3,nolock
not "no such export, v4" mount.nfs "$SERVER:/nothing" /mnt -o ro,vers=4.2
not "version 4.0" mount.nfs "$SERVER:/export" /mnt -o ro,vers=4.0
SCRIPT
  check "no hint for NFS 4.0" nfs_log_has 'nfs hint' 'NFS 4.0'
  check "no line for the export that is not there" nfs_log_has 'nfs refused' 'there is no such export'
  check "the journal has no mount" grep -q mounted <(inside server "$NETBOOTD" journal --config "$RUN/netbootd.yaml")
  detail "$NFS_CHECKS checks, every file of $(grep -c . "$TREE/data/manifest") lines compared by v3, 4.1, 4.2 and the default"
}
