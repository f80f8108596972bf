#!/bin/busybox sh
# Called by dhclient in place of its own script, which would write the host's /etc/resolv.conf.
case $reason in
BOUND | RENEW | REBIND | REBOOT)
  ip addr flush dev "$interface" scope global
  ip addr add "$new_ip_address/${new_subnet_mask:-24}" dev "$interface"
  echo "$reason $new_ip_address" >>"$LAB_EVENTS"
  ;;
RELEASE | EXPIRE | FAIL | STOP)
  ip addr flush dev "$interface" scope global
  echo "$reason" >>"$LAB_EVENTS"
  ;;
esac
exit 0
