#!/bin/bash
# Boots one virtual machine without a disk over a virtual network from netbootd, and shows when what happened.
#
#   lab/demo.sh [--uefi|--ipxe] [--keep]
#     --uefi   UEFI firmware (OVMF) in place of a BIOS with a plain PXE ROM
#     --ipxe   QEMU's network card with its own ROM, which is an iPXE and needs no TFTP
#     --keep   leave the logs in place, and say where they are
#
# netbootd runs with etc/netbootd.yaml, in which no more is changed than the lab needs. Everything happens in
# network namespaces of this script's own, which are gone when it ends. Needs root. Settings: head of lib.sh.
set -u
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
for part in lib network initramfs disk machine server netbootd timeline; do . "$here/$part.sh"; done
LAB_KERNEL=${LAB_KERNEL:-installed}

kind=bios-plain; firmware='a BIOS and a PXE ROM'; keep=
for option; do
  case $option in
  --uefi) kind=uefi; firmware=UEFI ;;
  --ipxe) kind=bios; firmware='a BIOS and an iPXE ROM' ;;
  --keep) keep=1 ;;
  *) sed -n '2,10s/^# \{0,1\}//p' "$0"; exit 2 ;;
  esac
done

after_run() { # the last word, whatever happened
  case $1 in 130 | 143) say; say "Stopped; the network namespaces and the machine are gone." ;; esac
  if [ -n "$keep" ]; then
    rm -rf "$LABTMP/demo"; mv "$RUN" "$LABTMP/demo"
    say "The logs are in $LABTMP/demo"
  else rm -rf "$RUN"; rmdir "$RUNS" "$LABTMP" 2>/dev/null; fi
}

adapt_sample() { # etc/netbootd.yaml with the lab's interface, folders and profile
  local sample=$PROJECT/etc/netbootd.yaml
  awk -v tree="$TREE" -v state="$STATE" -v line="$(lab_command_line demo)" '
    /^[a-z]/ { skip = 0; split($0, word, ":"); key = word[1] }
    /^(machines|rules|nfs):/ { skip = 1 }                    # they name files and machines that the lab lacks
    /^(interface|files|state|profiles|default):/ { skip = 1 }
    !skip
    END {
      print "interface: eth0\nfiles: " tree "\nstate: " state "\nprofiles:\n  demo:"
      print "    kernel: linux/vmlinuz\n    initrd: [linux/initramfs.cpio.gz]\n    cmdline: " line "\ndefault: demo"
    }' "$sample"
}

did_not_work() { # REASON
  say
  if [ -s "$RUN/vm1/console.log" ]; then
    say "The end of the machine's console:"
    machine_console vm1 | grep '[^ ]' | tail -8 | cut -c1-110 | sed 's/^/    /'
  fi
  say "The end of netbootd's log:"
  grep . "${SERVER_LOG:-/dev/null}" | readable | tail -12 | cut -c1-160 | sed 's/^/    /'
  say
  say "It did not work: $1."
  [ -n "$keep" ] || say "Run it again with --keep to keep all logs."
  exit 1
}

need ip=iproute2 ethtool=ethtool qemu-system-x86_64=qemu-system-x86 /usr/lib/ipxe/qemu/pxe-virtio.rom=ipxe-qemu \
  /usr/lib/ipxe/undionly.kpxe=ipxe /usr/share/OVMF/OVMF_CODE_4M.fd=ovmf busybox=busybox-static modprobe=kmod cpio=cpio
[ -x "$NETBOOTD" ] || die "no $NETBOOTD; try: make build"
subnet=$(sed -n 's/^ *-\{0,1\} *subnet: *\([0-9.]*\)\.[0-9]*\/24.*/\1/p' "$PROJECT/etc/netbootd.yaml" | head -1)
[ -n "$subnet" ] || die "etc/netbootd.yaml has no subnet with a /24"

run_begin "$LABTMP/demo-$$"
[ "$LAB_KERNEL" = installed ] && CACHE=$RUN/cache        # built in a second, and gone afterwards
build_guest
network_up 1 0 "$subnet"
server_begin
adapt_sample >"$RUN/netbootd.yaml"

say "netbootd serves $subnet.0/24 on a virtual network, with etc/netbootd.yaml adapted to it."
netbootd_run || did_not_work "$WHY"
say "A machine with $firmware, and without a disk, is switched on ($(machine_accelerator)) …"
machine_start vm1 "$kind"
machine_wait vm1 'LAB: userspace' 180 || { timeline vm1; did_not_work "$WHY"; }
userspace=$TOOK
machine_wait vm1 'LAB: done' 60 || { timeline vm1 "$userspace"; did_not_work "userspace came after $userspace s, but then: $WHY"; }
timeline vm1 "$userspace" "$TOOK"
grep -q "LAB: fetched $(sha256sum <"$TREE/data/sample" | cut -d' ' -f1)" "$RUN/vm1/console.log" ||
  did_not_work "the file that the machine fetched has other bytes"
say
say "It worked: $userspace seconds after power-on the machine ran Debian's kernel ${KERNEL#*vmlinuz-} and a userspace," \
  "all of it from netbootd over the network."
