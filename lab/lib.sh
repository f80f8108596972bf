# Sourced by every script of the lab: words, processes, clean-up.
#
# Settings from the environment:
#   LABTMP      where logs and built things go (/tmp/netbootd-lab)
#   LAB_KERNEL  installed | cloud | auto: Debian's own kernel from /boot, its cloud kernel (fetched with
#               apt-get download, boots in half the time), or the cloud one if it can be had
#   LAB_ACCEL   QEMU's accelerator: kvm or tcg; without it, kvm where the processor and /dev/kvm allow it
#   LAB_SERVER  netbootd | peer: who answers (peer: dnsmasq and nginx)
#   NETBOOTD    the netbootd binary (.build/release/netbootd)
LAB=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
PROJECT=$(dirname "$LAB")
LABTMP=${LABTMP:-/tmp/netbootd-lab}
NETBOOTD=${NETBOOTD:-$PROJECT/.build/release/netbootd}
KEXEC_JOIN=$(dirname "$NETBOOTD")/kexec-join
# Which runs are alive: one place for all, whatever LABTMP says, because namespaces are the whole host's.
RUNS=/run/netbootd-lab
PATH=$PATH:/usr/sbin:/sbin
umask 022

say() { printf '%s\n' "$*"; }
die() { printf '%s: %s\n' "${0##*/}" "$*" >&2; exit 1; }
now() { printf '%s' "${EPOCHREALTIME/,/.}"; }
elapsed() { # EPOCH [UNTIL]: sets TOOK, in seconds, to two digits
  local from=${1/./} to=${2:-$EPOCHREALTIME}
  to=${to/[.,]/}; to=$(((to - from) / 10000))
  printf -v TOOK '%d.%02d' $((to / 100)) $((to % 100))
}

need() { # PROGRAM=PACKAGE ...: all that is missing is named at once
  local pair missing=()
  [ "$(id -u)" = 0 ] || die "needs root (network namespaces, taps): sudo $0"
  for pair; do
    command -v "${pair%%=*}" >/dev/null || [ -e "${pair%%=*}" ] || missing+=("${pair#*=}")
  done
  [ ${#missing[@]} = 0 ] || die "missing; try: apt-get install $(printf '%s\n' "${missing[@]}" | sort -u | tr '\n' ' ')"
}

# --- one run -------------------------------------------------------------------------------------
# A run has an id (the pid of the shell that owns it), a folder $RUN, and namespaces whose names end
# in that id. Whatever a run leaves behind when it is killed, the next run removes (sweep).

run_begin() { # FOLDER: becomes $RUN; ends with run_end, whatever happens
  mkdir -p "$LABTMP" || exit 1
  [ -O "$LABTMP" ] && [ ! -L "$LABTMP" ] || die "$LABTMP belongs to somebody else; set LABTMP"
  RUN_ID=$BASHPID
  RUN=$1
  rm -rf "$RUN"; mkdir -p "$RUN/pids" "$RUNS"
  start_time "$RUN_ID" >"$RUNS/$RUN_ID"
  trap run_end EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM HUP
  sweep
}

run_end() {
  local status=$? file
  trap - EXIT; trap '' INT TERM HUP
  for file in "$RUN"/pids/*; do process_stop "${file##*/}"; done
  network_down
  rm -f "$RUNS/$RUN_ID"
  if declare -F after_run >/dev/null; then after_run "$status"; fi
  exit "$status"
}

run_is_alive() { # ID
  [ -s "$RUNS/$1" ] && [ "$(start_time "$1")" = "$(<"$RUNS/$1")" ]
}

sweep() { # namespaces and folders of runs that are dead
  local space id folder
  for space in $(ip netns list 2>/dev/null | awk '{print $1}' | grep -E '^netbootd-lab-[a-z0-9]+-[0-9]+$'); do
    id=${space##*-}
    run_is_alive "$id" || { namespace_remove "$space"; rm -f "$RUNS/$id"; }
  done
  for folder in "$LABTMP"/{demo,bench}-[0-9]*; do run_is_alive "${folder##*-}" || rm -rf "$folder"; done
}

# --- processes -----------------------------------------------------------------------------------
# A process is known by a name; its pid and start time are kept, so that a number that was given to
# another process meanwhile is never signalled.

start_time() { sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d' ' -f20; }

process_start() { # NAME WHERE LOG COMMAND...: in the background, in a namespace; sets STARTED, its pid
  local name=$1 where=$2 log=$3; shift 3
  # Not "inside": with a function, the pid would be that of a shell around the command.
  ip netns exec "$(namespace "$where")" "$@" >>"$log" 2>&1 </dev/null &
  STARTED=$!
  process_remember "$name" "$STARTED"
}

process_remember() { printf '%s %s\n' "$2" "$(start_time "$2")" >"$RUN/pids/$1"; } # NAME PID

process_pid() { # NAME: its pid, if it still runs
  local pid born
  [ -s "$RUN/pids/$1" ] || return 1
  read -r pid born <"$RUN/pids/$1"
  [ -n "$born" ] && [ "$(start_time "$pid")" = "$born" ] || return 1
  case $(sed 's/.*) //' "/proc/$pid/stat" 2>/dev/null) in Z* | X* | '') return 1 ;; esac
  printf '%s' "$pid"
}

process_signal() { # NAME SIGNAL
  local pid
  pid=$(process_pid "$1") && kill "-$2" "$pid" 2>/dev/null
}

process_stop() { # NAME: politely, then not
  local i
  process_signal "$1" TERM
  for ((i = 0; i < 40; i++)); do process_pid "$1" >/dev/null || break; sleep 0.05; done
  process_signal "$1" KILL
  rm -f "$RUN/pids/$1"
}

wait_until() { # SECONDS COMMAND...: tries it every 50 ms
  local i n=$(($1 * 20)); shift
  for ((i = 0; i < n; i++)); do "$@" && return 0; sleep 0.05; done
  return 1
}
