# Sourced: when what happened, out of netbootd's own log (--log-format json).

log_field() { # KEY LINE: its value in a flat JSON object; sets FIELD
  local rest=${2#*"\"$1\":"}
  FIELD=
  [ "$rest" = "$2" ] && return
  rest=${rest#\"}; FIELD=${rest%%[\",\}]*}
}

timeline_row() { printf '  %8s  %-10s %12s   %s\n' "$@"; } # SECONDS STEP BYTES WHAT

timeline() { # vmN [USERSPACE-SECONDS [DONE-SECONDS]]: a table
  say
  timeline_row seconds step bytes what
  { timeline_row 0.00 power '' "machine $(mac_of "$1")"
    timeline_served "$1" "${2:-}"
    [ -z "${3:-}" ] || timeline_row "$3" network '' "an address by DHCP, a file by HTTP, its checksum is right"
  } | sort -n -s
}

timeline_served() { # vmN USERSPACE-SECONDS: what netbootd says it did, until userspace, and the sum of it
  local start line message mac file bytes step what tftp='' total=0
  start=$(<"$RUN/$1/started"); mac=$(mac_of "$1")
  while IFS= read -r line; do
    log_field message "$line"; message=$FIELD
    log_field file "$line"; file=${FIELD##*/}
    log_field bytes "$line"; bytes=$FIELD
    what=$file
    case $message in
    'dhcp ack')
      [[ $line == *"$mac"* ]] || continue
      step=DHCP; log_field ip "$line"; what="address $FIELD"; log_field stage "$line"
      case $FIELD in ipxe) what+=' for iPXE' ;; os) what+=' for the operating system' ;; ?*) what+=" for its $FIELD" ;; esac ;;
    'tftp sent') step=TFTP; tftp=1 ;;
    'http script') step=script; what='boot.ipxe, written for this machine' ;;
    'http sent')
      case $file in vmlinuz*) step=kernel ;; init*) step=initrd ;; *) step=HTTP ;; esac ;;
    *) continue ;;
    esac
    log_field time "$line"
    elapsed "$start" "$(date -u -d "$FIELD" +%s.%6N)"
    timeline_row "$TOOK" "$step" "$bytes" "$what"
    [ "$step" = HTTP ] || total=$((total + ${bytes:-0}))
  done < <(netbootd_log)
  [ -n "$tftp" ] || [ -z "$2" ] || timeline_row '' TFTP 0 "not needed: this ROM is an iPXE, which asks by HTTP at once"
  [ -z "$2" ] || timeline_row "$2" userspace "$total" "the kernel's first process (bytes: all that it took)"
}
