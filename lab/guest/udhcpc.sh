#!/bin/busybox sh
# Called by udhcpc with the server's reply in the environment, in the machine and in client namespaces.
# A line for each event goes to $LAB_EVENTS.
case $1 in
bound | renew)
  ip addr flush dev "$interface" scope global
  ip addr add "$ip/${mask:-24}" dev "$interface"
  for first in $router; do ip route replace default via "$first" dev "$interface"; break; done
  ;;
deconfig) ip addr flush dev "$interface" scope global ;;
esac
echo "$1 ${ip:-}" >>"$LAB_EVENTS"
exit 0
