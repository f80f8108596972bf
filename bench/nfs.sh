#!/bin/bash
# NFSv3 from netbootd and from nfs-ganesha, in turn, over the same veth pair, from the page cache.
#
#   sudo bench/nfs.sh [ROUNDS]
#
# Prints medians of each case, the server's processor seconds (per GiB where bytes are read), and the ratios. Machines are
# noisy: trust ratios of one run, never a single figure.
set -u
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
for part in lib network server netbootd peer; do . "$here/../lab/$part.sh"; done
rounds=${1:-5}
need ip=iproute2 ethtool=ethtool ganesha.nfsd=nfs-ganesha cc=gcc rpcbind=rpcbind /usr/include/nfsc/libnfs.h=libnfs-dev
[ -x "$NETBOOTD" ] || die "there is no $NETBOOTD; try: make build"

run_begin "$LABTMP/bench-$$"
cc -O2 -D_GNU_SOURCE -o "$RUN/reader" "$here/nfs/reader.c" -lnfs || die "cannot build the reader"

# One link, two servers: each has a namespace, and the client is at the other end of both of its links.
ip netns add "$(namespace client)"
begin_server() { # NAME NUMBER
  ip netns add "$(namespace "$1")"
  ip -n "$(namespace client)" link add "to-$1" type veth peer name eth0 netns "$(namespace "$1")"
  ip -n "$(namespace client)" addr add "10.0.$2.2/24" dev "to-$1"; ip -n "$(namespace client)" link set "to-$1" up
  ip -n "$(namespace "$1")" addr add "10.0.$2.1/24" dev eth0; ip -n "$(namespace "$1")" link set eth0 up
  ip -n "$(namespace "$1")" link set lo up
}

TREE=$RUN/tree; mkdir -p "$TREE/export" "$RUN/state"
say "Making 1 GiB and 50,000 files ..."
head -c 1073741824 /dev/urandom >"$TREE/export/big"
(cd "$TREE/export" && mkdir files && cd files && for ((i = 0; i < 1000; i++)); do
  mkdir "folder-$i"; (cd "folder-$i" && eval "touch file-{0..48}"); done)

begin_server netbootd 1
cat >"$RUN/netbootd.yaml" <<YAML
interface: eth0
files: $TREE
state: $RUN/state
dhcp: {mode: off}
nfs:
  max-connections-per-client: 1000
  exports:
    - path: /export
      clients: 10.0.1.0/24
      options: [no_root_squash, insecure]
YAML
chown "$(netbootd_user)" "$RUN/state"
process_start netbootd netbootd "$RUN/netbootd.log" "$NETBOOTD" serve --config "$RUN/netbootd.yaml"
netbootd_pid=$STARTED

begin_server ganesha 2
cat >"$RUN/ganesha.conf" <<CONF
NFS_CORE_PARAM { Protocols = 3, 4; Enable_NLM = false; Enable_RQUOTA = false; mount_path_pseudo = true; }
NFSV4 { Graceless = true; RecoveryBackend = fs; Only_Numeric_Owners = true; }
EXPORT_DEFAULTS { Access_Type = RO; Squash = No_Root_Squash; SecType = sys; Transports = TCP, UDP; }
EXPORT { Export_Id = 1; Path = $TREE/export; Pseudo = /export; Filesystem_Id = 1.1; FSAL { Name = VFS; } }
LOG { Default_Log_Level = EVENT; }
CONF
# Both programs keep things in /run and /var/lib/nfs: theirs alone.
cat >"$RUN/ganesha.sh" <<'SH'
mount -t tmpfs tmpfs /run; mkdir -p /run/ganesha /run/rpcbind
mount -t tmpfs tmpfs /var/lib/nfs; mkdir -p /var/lib/nfs/ganesha
rpcbind -w; sleep 0.5
exec ganesha.nfsd -F -f "$1/ganesha.conf" -L "$1/ganesha.log" -p "$1/ganesha.pid" -N NIV_EVENT
SH
: >"$RUN/ganesha.log"
process_start ganesha ganesha "$RUN/ganesha.out" unshare -m --propagation private bash "$RUN/ganesha.sh" "$RUN"
ganesha_pid=$STARTED
wait_until 20 grep -q 'NFS SERVER INITIALIZED' "$RUN/ganesha.log" || die "ganesha does not start: $(tail -1 "$RUN/ganesha.log")"
wait_until 10 grep -q ready "$RUN/netbootd.log" || die "netbootd does not start: $(tail -1 "$RUN/netbootd.log")"

ticks() { local pid=${1}_pid; awk '{ sub(/.*\) /, ""); print $12 + $13 }' "/proc/${!pid}/stat"; }
one() { # SERVER CASE: a line "SECONDS CPU-TICKS" into $RUN/results
  local server=$1 number before words
  number=1; [ "$server" = netbootd ] || number=2
  local url=nfs://10.0.$number.1/export
  case $2 in
  list) words="list $url/files" ;;
  random-*) words="random $url/big 4096 ${2#random-} 100000" ;;
  *) words="read $url/big ${2%x*} ${2#*x}" ;;
  esac
  before=$(ticks "$server")
  # shellcheck disable=SC2086 # words
  inside client "$RUN/reader" $words >"$RUN/out" || die "$server: $2: $(cat "$RUN/out")"
  printf '%s %s\n' "$(awk '{print $NF}' "$RUN/out")" $(($(ticks "$server") - before)) >>"$RUN/$2.$server"
}
median() { sort -n "$1" | awk -v f="${2:-1}" '{ v[NR] = $f } END { print v[int((NR + 1) / 2)] }'; } # FILE [FIELD]

cases=(131072x16 1048576x8 131072x1 random-16 random-1 list)
for name in "${cases[@]}"; do one netbootd "$name"; one ganesha "$name"; done
rm -f "$RUN"/*.netbootd "$RUN"/*.ganesha
for ((round = 0; round < rounds; round++)); do
  for name in "${cases[@]}"; do
    if ((round % 2)); then one ganesha "$name"; one netbootd "$name"; else one netbootd "$name"; one ganesha "$name"; fi
  done
done
printf '\n%-26s %14s %14s %8s   %s\n' "case (median of $rounds)" netbootd ganesha speed "cpu: netbootd, ganesha, ratio"
for name in "${cases[@]}"; do
  a=$(median "$RUN/$name.netbootd"); b=$(median "$RUN/$name.ganesha")
  sort -n -k2 "$RUN/$name.netbootd" >"$RUN/a"; sort -n -k2 "$RUN/$name.ganesha" >"$RUN/b"
  ca=$(awk '{ v[NR] = $2 } END { print v[int((NR + 1) / 2)] }' "$RUN/a"); cb=$(awk '{ v[NR] = $2 } END { print v[int((NR + 1) / 2)] }' "$RUN/b")
  awk -v n="$name" -v a="$a" -v b="$b" -v ca="$ca" -v cb="$cb" 'BEGIN {
    if (n ~ /x/) { unit = "MB/s"; x = 1073.741824 / a; y = 1073.741824 / b; label = n " read" }
    else if (n ~ /random/) { unit = "op/s"; x = 100000 / a; y = 100000 / b; label = "4 KiB " n }
    else { unit = "s"; x = a; y = b; label = "ls -lR of 50,000 files" }
    printf "%-26s %9.*f %-4s %9.*f %-4s %7.2fx   %.2f s, %.2f s, %.2f\n", label, unit == "s" ? 3 : 0, x, unit, unit == "s" ? 3 : 0, y, unit, b / a, ca / 100, cb / 100, ca / (cb ? cb : 1) }'
done

# Memory with many clients.
for server in netbootd ganesha; do
  number=1; [ "$server" = netbootd ] || number=2
  mkfifo "$RUN/hold"
  inside client "$RUN/reader" hold "nfs://10.0.$number.1/export/big" 200 <"$RUN/hold" >"$RUN/held" &
  exec 7>"$RUN/hold"
  wait_until 60 grep -q ready "$RUN/held" || die "$server: 200 clients do not mount"
  pid=${server}_pid
  say "$server with 200 mounted clients: $(awk '/VmRSS/ { printf "%.1f MB resident", $2 / 1024 }' "/proc/${!pid}/status")" \
    "($(awk '/RssAnon/ { printf "%.1f MB its own", $2 / 1024 }' "/proc/${!pid}/status"))"
  exec 7>&-; wait %% 2>/dev/null; rm -f "$RUN/hold"
done
