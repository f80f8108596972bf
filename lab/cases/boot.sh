# Sourced by test.sh: machines that boot, over the network or from their disk.

boot_lab() { # KIND: power-on to userspace; the machine fetches a file as well
  network_up 1 0
  server_begin
  serve
  machine_start vm1 "$1"
  machine_wait vm1 'LAB: userspace' 240 || fail "$WHY"
  detail "userspace after $TOOK s"
  machine_wait vm1 'LAB: done' 240 || fail "userspace after $TOOK s, then $WHY"
  check "the machine did not fetch the sample whole" \
    grep -q "LAB: fetched $(sha256sum <"$TREE/data/sample" | cut -d' ' -f1)" "$RUN/vm1/console.log"
  check "no lease was given to $(mac_of vm1)" server_saw ack "$(mac_of vm1)"
}

case_bios_ipxe() { boot_lab bios; }
case_bios_undionly() {
  boot_lab bios-plain
  check "the ROM's marks were not taken off" grep -q 'took off option 77' "$RUN/vm1/wire.log"
  check "undionly.kpxe was not fetched" server_fetched undionly.kpxe
}
case_uefi_ipxe() { boot_lab uefi; check "snponly.efi was not fetched" server_fetched snponly.efi; }
case_uefi_http() { boot_lab uefi-http; check "snponly.efi was not fetched" server_fetched snponly.efi; }

# A profile's own boot program in iPXE's place: Debian's lpxelinux.0 and ldlinux.c32 by TFTP, with a menu file
# that the administrator wrote, kernel and initrd by HTTP.
case_lpxelinux() {
  need_netbootd
  network_up 1 0
  server_begin
  mkdir "$TREE/pxelinux.cfg"
  printf 'DEFAULT lab\nLABEL lab\n  KERNEL %s/linux/vmlinuz\n  INITRD %s/linux/initramfs.cpio.gz\n  APPEND %s\n' \
    "http://$PREFIX.1" "http://$PREFIX.1" "console=ttyS0 quiet lab.tag=pxelinux" >"$TREE/pxelinux.cfg/default"
  netbootd_configuration | sed -e 's/^profiles:/&\n  classic:\n    loader: {bios: lpxelinux.0}/' \
    -e 's/^default: .*/default: classic/' >"$RUN/netbootd.yaml"
  CURRENT=netbootd; netbootd_run || fail "$WHY"
  machine_start vm1 bios-plain
  machine_wait vm1 'LAB: tag pxelinux' 240 || fail "$WHY"
  check "ldlinux.c32 was not fetched" server_fetched ldlinux.c32
  detail "userspace after $TOOK s"
}

# Nobody chooses: the machine goes on to its own disk.
case_menu() {
  need_netbootd
  network_up 1 0
  server_begin
  DEFAULT=menu
  { netbootd_configuration; printf 'menu: {timeout: 3s}\n'; } >"$RUN/netbootd.yaml"
  CURRENT=netbootd; netbootd_run || fail "$WHY"
  bios_disk "$RUN/disk.img"
  machine_start vm1 bios '' "$RUN/disk.img"
  machine_wait vm1 'what shall this machine boot' 120 || fail "no menu: $WHY"
  machine_wait vm1 'LOCAL DISK' 120 || fail "the menu, and then: $WHY"
  detail "local disk after $TOOK s"
}

case_two_profiles() {
  local vm first
  network_up 2 0
  server_begin
  for vm in vm1 vm2; do
    profile "for-$vm" linux/vmlinuz linux/initramfs.cpio.gz "$(lab_command_line "only-$vm")"
    machine "$(mac_of "$vm")" "for-$vm"
  done
  serve
  machine_start vm1 bios; machine_start vm2 bios
  machine_wait vm1 'LAB: tag' 240 || fail "vm1: $WHY"; first=$TOOK
  machine_wait vm2 'LAB: tag' 240 || fail "vm2: $WHY"
  for vm in vm1 vm2; do
    check "$vm did not get its own command line" grep -q "LAB: tag only-$vm" "$RUN/$vm/console.log"
  done
  detail "two machines, two profiles, userspace after $first and $TOOK s"
}

boot_local() { # KIND DISK
  network_up 1 0
  server_begin
  DEFAULT=local
  serve
  machine_start vm1 "$1" '' "$2"
  machine_wait vm1 'LOCAL DISK' 180 || fail "$WHY"
  detail "local disk after $TOOK s"
  # A machine that never heard of the server boots its disk, too.
  check "the server was not asked" server_saw offer "$(mac_of vm1)"
}

case_local_bios() { bios_disk "$RUN/disk.img"; boot_local bios-plain "$RUN/disk.img"; }
case_local_ipxe() { bios_disk "$RUN/disk.img"; boot_local bios "$RUN/disk.img"; }
# OVMF asks for a boot over IPv6, too, before it goes on to the disk: a minute that no IPv4 server can shorten.
case_local_uefi() { uefi_disk "$RUN/esp"; boot_local uefi-ipv4 "$RUN/esp"; }

case_debian_installer() {
  local from=/usr/lib/debian-installer/images/12/amd64/text/debian-installer/amd64
  [ -s "$from/linux" ] || skip "needs the package debian-installer-12-netboot-amd64"
  network_up 1 0
  server_begin
  mkdir "$TREE/debian"; cp "$from/linux" "$from/initrd.gz" "$TREE/debian/"
  profile installer debian/linux debian/initrd.gz 'console=ttyS0'
  DEFAULT=installer
  serve
  machine_start vm1 bios 1024
  machine_wait vm1 'Choose the language|Select a language' 300 || fail "$WHY"
  detail "the installer's first screen after $TOOK s"
}
