# Sourced: the lab's network, made of network namespaces and nothing else.
#
#   switch    a bridge br0 with tap1, tap2 …; QEMU runs in here
#   server    eth0 = $SERVER/24 and fd77::1/64
#   client1 … a software DHCP client: eth0, up, without an address
#
# The host's own network is never touched, and two runs do not see each other.

namespace() { printf 'netbootd-lab-%s-%s' "$1" "$RUN_ID"; } # server | switch | client1 …

inside() { # WHERE COMMAND...
  local where=$1; shift
  ip netns exec "$(namespace "$where")" "$@"
}

network_up() { # TAPS CLIENTS [PREFIX]: PREFIX is three numbers of the subnet, 10.0.0
  local taps=$1 clients=$2 i switch
  PREFIX=${3:-10.0.0}; SERVER=$PREFIX.1; SERVER6=fd77::1
  switch=$(namespace switch)
  ip netns add "$switch" || die "cannot make a network namespace"
  ip -n "$switch" link set lo up
  # The switch itself says nothing on the wire, and a port forwards from its first frame.
  inside switch sh -c 'for d in all default; do echo 1 >/proc/sys/net/ipv6/conf/$d/disable_ipv6; done' 2>/dev/null
  ip -n "$switch" link add br0 type bridge stp_state 0 forward_delay 0 mcast_snooping 0 || die "cannot make a bridge"
  ip -n "$switch" link set br0 up
  network_plug server
  ip -n "$(namespace server)" addr add "$SERVER/24" brd + dev eth0
  ip -n "$(namespace server)" addr add "$SERVER6/64" dev eth0 nodad
  for ((i = 1; i <= clients; i++)); do network_plug "client$i"; done
  for ((i = 1; i <= taps; i++)); do
    ip -n "$switch" tuntap add dev "tap$i" mode tap || die "cannot make a tap (/dev/net/tun)"
    ip -n "$switch" link set "tap$i" master br0 up
  done
}

network_plug() { # WHERE: a namespace with eth0 on the switch
  local space port=port-$1
  space=$(namespace "$1")
  ip netns add "$space" || die "cannot make a network namespace"
  ip -n "$space" link set lo up
  ip -n "$(namespace switch)" link add "$port" type veth peer name eth0 netns "$space" || die "cannot make a veth pair"
  # Whole checksums on the wire, as a real card has them.
  inside "$1" ethtool -K eth0 tx off rx off tso off gso off gro off >/dev/null 2>&1
  inside switch ethtool -K "$port" tx off rx off tso off gso off gro off >/dev/null 2>&1
  ip -n "$(namespace switch)" link set "$port" master br0 up
  case $1 in client*) ip -n "$space" link set eth0 address "$(mac_of "$1")" ;; esac
  ip -n "$space" link set eth0 up
}

network_down() {
  local space
  for space in $(ip netns list | awk '{print $1}' | grep -E "^netbootd-lab-[a-z0-9]+-$RUN_ID\$"); do
    namespace_remove "$space"
  done
}

namespace_remove() { # NAME: what still runs in it was started for it
  local pid i
  for pid in $(ip netns pids "$1" 2>/dev/null); do kill "$pid" 2>/dev/null; done
  for ((i = 0; i < 20; i++)); do [ -z "$(ip netns pids "$1" 2>/dev/null)" ] && break; sleep 0.05; done
  for pid in $(ip netns pids "$1" 2>/dev/null); do kill -9 "$pid" 2>/dev/null; done
  ip netns del "$1"
}

mac_of() { # CLIENT or TAP: clientN → 52:54:00:c1:00:0N, vmN → 52:54:00:4e:42:0N
  case $1 in
  client*) printf '52:54:00:c1:00:%02x' "${1#client}" ;;
  *) printf '52:54:00:4e:42:%02x' "${1#vm}" ;;
  esac
}
