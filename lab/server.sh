# Sourced: what a boot server is to serve, said once; netbootd.sh and peer.sh carry it out.
#
#   server_begin                    an empty tree ($TREE), one profile `lab`, which is the default
#   profile NAME KERNEL INITRD COMMAND-LINE     paths in the tree; {http} stands for the server's URL
#   machine MAC TARGET              this machine boots that profile, or `local`
#   DEFAULT=TARGET UNKNOWN=ignore LEASE=1h      before server_start
#   PROFILE_EXTRA[NAME]=LINE EXTRA_CONFIGURATION=LINES   netbootd's alone: a profile's own key, more of the file
#   server_start [NAME]             NAME: netbootd or peer; returns 1 and sets WHY if it does not start
#   server_stop
#   server_count KIND MAC           how often the log tells of: offer, ack, release, ignored
#   server_fetched FILE             whether a client has had this file, by TFTP or HTTP
#   server_leases                   what is on disk about leases, for a person to read
LAB_SERVER=${LAB_SERVER:-netbootd}

server_begin() {
  TREE=$RUN/tree; STATE=$RUN/state
  rm -rf "$TREE" "$STATE"; mkdir -p "$TREE/data" "$STATE"
  declare -gA PROFILES=() MACHINES=() PROFILE_EXTRA=()
  EXTRA_CONFIGURATION=
  DEFAULT=lab; UNKNOWN=default; LEASE=1h
  if [ -n "${KERNEL:-}" ]; then
    # Links, because nothing here is ever changed in place.
    mkdir -p "$TREE/linux"
    ln -f "$KERNEL" "$TREE/linux/vmlinuz"; ln -f "$INITRD" "$TREE/linux/initramfs.cpio.gz"
    ln -f "$EXTRA" "$TREE/linux/extra.cpio.gz"
    head -c 300000 "$KERNEL" >"$TREE/data/sample"
    profile lab linux/vmlinuz linux/initramfs.cpio.gz "$(lab_command_line lab)"
  fi
}

# no_timer_check: on a busy host without KVM, the kernel may find that the timer does not work, and panic.
lab_command_line() { printf 'console=ttyS0 quiet no_timer_check lab.tag=%s lab.url={http}/data/sample' "$1"; } # TAG
profile() { PROFILES[$1]="$2|$3|$4"; }
machine() { MACHINES[$1]=$2; }

server_start() { CURRENT=${1:-$LAB_SERVER}; "${CURRENT}_start"; }
server_stop() { "${CURRENT}_stop"; }
server_count() { "${CURRENT}_count" "$@"; }
server_fetched() { "${CURRENT}_fetched" "$@"; }
server_leases() { "${CURRENT}_leases"; }
server_saw() { [ "$(server_count "$1" "$2")" -gt "${3:-0}" ]; } # KIND MAC [MORE-THAN]
