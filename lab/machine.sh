# Sourced: virtual machines with real firmware, whose only way to an operating system is the network.
#
# Kinds of machine, by what the server sees of them first:
#   bios        SeaBIOS and QEMU's network card ROM, which is iPXE and says so
#   bios-plain  the same, but wire.py takes away what tells the ROM from any PXE ROM
#   bios-vlan   as bios; what the machine sends on VLAN 7 reaches the others without its tag
#   uefi        OVMF, UEFI PXE over IPv4
#   uefi-ipv4   OVMF without PXE over IPv6, for which it waits more than a minute when nobody answers
#   uefi-http   OVMF, UEFI HTTP boot over IPv4
#   uefi-secure OVMF with Secure Boot on, which trusts Debian's snakeoil key (MACHINE_OPTIONS: -kernel …)
#   bios-mute   SeaBIOS, and a card without any ROM: only a disk can boot it
# Each has a console in $RUN/NAME/console.log, a capture of its wire in wire.pcap.

machine_accelerator() { # a /dev/kvm without a processor that can do it exists, too
  if [ -n "${LAB_ACCEL:-}" ]; then printf '%s' "$LAB_ACCEL"
  elif [ -w /dev/kvm ] && grep -qwE 'vmx|svm' /proc/cpuinfo; then printf 'kvm'
  else printf 'tcg'; fi
}

MACHINE_OPTIONS=()

machine_start() { # vmN KIND [MEGABYTES] [DISK]: DISK (file or folder) comes after the network; uses tapN
  # DISK is never changed; behind "scratch:" it can be written to, and forgets it. MACHINE_OPTIONS: more for QEMU.
  local name=$1 kind=$2 memory=${3:-} disk=${4:-} tap=tap${1#vm} dir=$RUN/$1 mac id qemu rom=''
  local lean=graphics=off,hpet=off,vmport=off,usb=off smm=smm=off code=OVMF_CODE_4M.fd variables=OVMF_VARS_4M.fd
  local image='' keep=readonly=on order=,bootindex=0
  mac=$(mac_of "$name"); id=${mac//:/}
  rm -rf "$dir"; mkdir -p "$dir"
  qemu=(qemu-system-x86_64 -smp 1 -nodefaults -no-user-config -display none -vga none -no-reboot
    -serial "file:$dir/console.log" -uuid "6e657462-6f6f-4000-8000-$id"
    -smbios "type=1,manufacturer=netbootd,product=lab,serial=LAB-$id" -cpu "max,la57=off")
  case $(machine_accelerator) in
  kvm) qemu+=(-accel kvm -accel tcg) ;;
  # The fastest of software emulation: one processor, a small translation buffer, nothing that is not needed.
  *) qemu+=(-accel "tcg,thread=multi,tb-size=256") ;;
  esac
  case $kind in
  bios*)
    [ "$kind" != bios-mute ] || rom=,romfile=
    qemu+=(-machine "pc,$lean,$smm" -m "${memory:-384}") ;;
  uefi*)
    rom=,romfile=               # without it, OVMF would use the card's own iPXE
    if [ "$kind" = uefi-secure ]; then
      order='' smm=smm=on code=OVMF_CODE_4M.secboot.fd variables=OVMF_VARS_4M.snakeoil.fd
      qemu+=(-global driver=cfi.pflash01,property=secure,value=on -global ICH9-LPC.disable_s3=1)
    fi
    cp "/usr/share/OVMF/$variables" "$dir/variables.fd"
    qemu+=(-machine "q35,$lean,$smm" -m "${memory:-512}"
      -drive "if=pflash,unit=0,format=raw,readonly=on,file=/usr/share/OVMF/$code"
      -drive "if=pflash,unit=1,format=raw,file=$dir/variables.fd") ;;
  esac
  # OVMF tries PXE over IPv4, then over IPv6, then HTTP over IPv4, then over IPv6.
  case $kind in uefi-http) qemu+=(-fw_cfg "name=opt/org.tianocore/IPv4PXESupport,string=n") ;; esac
  case $kind in uefi-http | uefi-ipv4) qemu+=(-fw_cfg "name=opt/org.tianocore/IPv6PXESupport,string=n") ;; esac
  if [ -n "$disk" ]; then
    case $disk in scratch:*) disk=${disk#*:}; keep=snapshot=on ;; esac
    [ -d "$disk" ] && image=fat:       # QEMU makes a file system of a folder
    qemu+=(-drive "if=none,id=disk0,format=raw,$keep,file=$image$disk" -device "virtio-blk-pci,drive=disk0,bootindex=1")
  fi
  local vlan=()
  [ "$kind" = bios-vlan ] && vlan=(7)
  if [ "$kind" = bios-plain ] || [ "$kind" = bios-vlan ]; then
    qemu+=(-netdev "dgram,id=net0,local.type=unix,local.path=$dir/qemu.sock,remote.type=unix,remote.path=$dir/wire.sock")
    process_start "$name-wire" switch "$dir/wire.log" python3 "$LAB/wire.py" "$tap" "$dir/wire.sock" "$dir/qemu.sock" "${vlan[@]}"
    wait_until 5 test -S "$dir/wire.sock" || die "the wire did not start: $(tail -1 "$dir/wire.log")"
  else
    qemu+=(-netdev "tap,id=net0,ifname=$tap,script=no,downscript=no,vnet_hdr=off")
  fi
  qemu+=(-device "virtio-net-pci,netdev=net0,mac=$mac$order$rom"
    -object "filter-dump,id=dump0,netdev=net0,file=$dir/wire.pcap" "${MACHINE_OPTIONS[@]}")
  now >"$dir/started"
  process_start "$name" switch "$dir/qemu.log" "${qemu[@]}"
}

# Nothing more will come of a machine that says one of these.
MACHINE_GAVE_UP='Kernel panic|No bootable option|EFI Internal Shell|No bootable device|LAB: FAIL'

machine_console() { # NAME: what it has said so far, without escape sequences
  sed -E 's/\x1b\[[0-9;?]*[A-Za-z]/ /g' "$RUN/$1/console.log" 2>/dev/null | tr -d '\000\r'
}

machine_wait() { # NAME REGEX SECONDS: sets TOOK; returns 1 and sets WHY if it does not come
  local dir=$RUN/$1 text start
  start=$(<"$dir/started")
  while :; do
    { text=$(<"$dir/console.log"); } 2>/dev/null   # bash says that it drops NULs
    elapsed "$start"
    [[ $text =~ $2 ]] && return 0
    if [[ $text =~ $MACHINE_GAVE_UP ]]; then WHY="the machine gave up after $TOOK s: ${BASH_REMATCH[0]}"; return 1; fi
    if ! process_pid "$1" >/dev/null; then
      # What it said last may have come after it was read above.
      text=$(tr -d '\000' <"$dir/console.log"); [[ $text =~ $2 ]] && return 0
      WHY="the machine went off after $TOOK s $(head -1 "$dir/qemu.log")"; return 1
    fi
    if [ "${TOOK%.*}" -ge "$3" ]; then
      WHY="not seen within $3 s: $2; the console's last line: $(machine_console "$1" | grep '[^ ]' | tail -1 | cut -c1-100)"
      return 1
    fi
    sleep 0.05
  done
}

machine_stop() { process_stop "$1"; process_stop "$1-wire"; }
