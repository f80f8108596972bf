#!/bin/bash
# Fetches a big file from netbootd with curl and with kexec-join's own client, in turn, and compares.
#
#   bench/transfer.sh [RUNS [MEBIBYTES]]     RUNS of each (7), of a file of MEBIBYTES (400)
#
# Both write into memory: curl into a file on tmpfs, ours into a memfd, with SHA-256 and the progress lines that a person
# would see. Server and client are in two network namespaces with a veth pair between them, with the offloads that the
# kernel gives it. All three run with real-time priority, so that other work on this host hardly counts. Needs root.
# shellcheck disable=SC1090,SC2034
set -u
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/../lab" && pwd)
for part in lib network server netbootd; do . "$here/$part.sh"; done
runs=${1:-7}; size=${2:-400}
[[ $runs =~ ^[1-9][0-9]*$ && $size =~ ^[1-9][0-9]*$ ]] || { sed -n '2,8s/^# \{0,1\}//p' "$0"; exit 2; }
need ip=iproute2 curl=curl chrt=util-linux
[ -x "$NETBOOTD" ] || die "no $NETBOOTD; try: make build"
(cd "$PROJECT" && NETBOOTD_BENCH=1 swift build -c release --static-swift-stdlib --product FetchRate) >/dev/null ||
  die "cannot build FetchRate"
client=$PROJECT/.build/release/FetchRate
after_run() { rm -rf "$RUN" "$memory"; }

run_begin "$LABTMP/bench-$$"
memory=$(mktemp -d /dev/shm/netbootd-bench.XXXXXX) || exit 1
PREFIX=10.0.0; SERVER=$PREFIX.1
for side in server client1; do ip netns add "$(namespace "$side")" || die "cannot make a network namespace"; done
ip -n "$(namespace server)" link add eth0 type veth peer name eth0 netns "$(namespace client1)"
ip -n "$(namespace server)" addr add "$SERVER/24" brd + dev eth0
ip -n "$(namespace client1)" addr add "$PREFIX.2/24" dev eth0
for side in server client1; do for link in lo eth0; do ip -n "$(namespace "$side")" link set "$link" up; done; done

server_begin
{ printf '\037\213'; head -c $((size * 1048576 - 2)) /dev/urandom; } >"$TREE/data/big"
DEFAULT=local
NETBOOTD_UNDER=(chrt --rr 1)
server_start netbootd || die "$WHY"
url=http://$SERVER/data/big
digest=$(sha256sum <"$TREE/data/big" | cut -d' ' -f1)

by_curl() { # WHERE: sets RESULT, in bytes a second
  RESULT=$(inside client1 chrt --rr 1 curl -fsS -o "$1" -w '%{speed_download}' "$url") || die "curl: $RESULT"
  RESULT=${RESULT%.*}
}
ours() { # sets RESULT and PEAK, in KiB
  local said
  said=$(inside client1 chrt --rr 1 "$client" "$url" "$digest") || die "FetchRate: $said"
  read -r _ RESULT _ PEAK <<<"${said##*$'\n'}"
}
mib() { awk -v b="$1" 'BEGIN { printf "%.0f", b / 1048576 }'; }
median() { # COLUMN
  cut -d' ' -f"$1" "$RUN/results" | sort -n |
    awk '{ v[NR] = $1 } END { printf "%.0f", NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'
}

by_curl "$memory/file"            # fills the page cache; does not count
say "$size MiB over a veth pair, MiB/s; load $(cut -d' ' -f1 /proc/loadavg) at the start."
printf '%7s %11s %11s %11s\n' run kexec-join curl curl-null
for ((run = 1; run <= runs; run++)); do
  # Each is first as often as the other.
  if ((run % 2)); then ours; own=$RESULT; by_curl "$memory/file"; theirs=$RESULT
  else by_curl "$memory/file"; theirs=$RESULT; ours; own=$RESULT; fi
  rm -f "$memory/file"
  by_curl /dev/null
  printf '%7s %11s %11s %11s\n' "$run" "$(mib "$own")" "$(mib "$theirs")" "$(mib "$RESULT")"
  echo "$own $theirs $RESULT" >>"$RUN/results"
done
printf '%7s %11s %11s %11s\n' median "$(mib "$(median 1)")" "$(mib "$(median 2)")" "$(mib "$(median 3)")"
say "kexec-join / curl: $(awk -v a="$(median 1)" -v b="$(median 2)" 'BEGIN { printf "%.2f", a / b }')" \
  "(to /dev/null: $(awk -v a="$(median 1)" -v b="$(median 3)" 'BEGIN { printf "%.2f", a / b }'));" \
  "the client's peak memory beyond the file: $((PEAK / 1024)).$((PEAK % 1024 * 10 / 1024)) MiB."
