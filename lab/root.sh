# Sourced: a small Debian with systemd on a disk image, for what an initramfs of busybox cannot show.
#
# It takes an address by DHCP, and runs the script that lab.run= on its kernel's command line names.

build_root() { # sets ROOT_IMAGE; built once and kept in $LABTMP/cache
  local tree=$CACHE/root.tree
  ROOT_IMAGE=$CACHE/root-debian.img
  [ ! -s "$ROOT_IMAGE" ] || [ -n "$(find "$LAB/guest/debian" "$LAB/root.sh" -newer "$ROOT_IMAGE")" ] || return 0
  command -v mmdebstrap >/dev/null || { WHY='missing; try: apt-get install mmdebstrap'; return 1; }
  rm -rf "$tree"
  mmdebstrap --variant=minbase --include=systemd,systemd-sysv,udev,dbus,iproute2,curl,kmod \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
    --dpkgopt='path-exclude=/usr/share/man/*' bookworm "$tree" >"$CACHE/root.log" 2>&1 ||
    { WHY="cannot build a Debian root: $(tail -1 "$CACHE/root.log")"; return 1; }
  cp -r "$LAB/guest/debian/." "$tree/"
  ln -sf /etc/systemd/system/lab.service "$tree/etc/systemd/system/multi-user.target.wants/lab.service"
  ln -sf /lib/systemd/system/systemd-networkd.service "$tree/etc/systemd/system/multi-user.target.wants/"
  # Nothing to wait for, and no login on a console that tests read.
  ln -sf /dev/null "$tree/etc/systemd/system/serial-getty@ttyS0.service"
  ln -sf /dev/null "$tree/etc/systemd/system/getty.target"
  rm -rf "$tree"/var/{cache/apt,lib/apt/lists}/*
  truncate -s 700M "$ROOT_IMAGE.new"
  mke2fs -q -t ext4 -O ^has_journal -L lab-root -d "$tree" "$ROOT_IMAGE.new" && mv "$ROOT_IMAGE.new" "$ROOT_IMAGE"
  rm -rf "$tree"
}
