# Sourced: a small Debian on a disk image, with systemd or with OpenRC and sysvinit, for what an initramfs of
# busybox cannot show.
#
# It takes an address by DHCP, and runs the script that lab.run= on its kernel's command line names.

build_root() { # systemd | openrc: sets ROOT_IMAGE; built once and kept in $LABTMP/cache
  local init=$1 tree=$CACHE/root.tree packages=iproute2,curl,kmod link
  ROOT_IMAGE=$CACHE/root-$init.img
  [ ! -s "$ROOT_IMAGE" ] || [ -n "$(find "$LAB/guest/debian" "$LAB/guest/openrc" "$LAB/root.sh" -newer "$ROOT_IMAGE")" ] ||
    return 0
  command -v mmdebstrap >/dev/null || { WHY='missing; try: apt-get install mmdebstrap'; return 1; }
  case $init in
  systemd) packages+=,systemd,systemd-sysv,udev,dbus ;;
  openrc) packages+=,sysvinit-core,openrc,initscripts,ifupdown,isc-dhcp-client ;;
  esac
  rm -rf "$tree"
  mmdebstrap --variant=minbase --include="$packages" \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
    --dpkgopt='path-exclude=/usr/share/man/*' bookworm "$tree" >"$CACHE/root.log" 2>&1 ||
    { WHY="cannot build a Debian root: $(tail -1 "$CACHE/root.log")"; return 1; }
  cp -r "$LAB/guest/debian/." "$tree/"
  case $init in
  systemd)
    for link in /etc/systemd/system/lab.service /lib/systemd/system/systemd-networkd.service; do
      ln -sf "$link" "$tree/etc/systemd/system/multi-user.target.wants/"
    done
    # Nothing to wait for, and no login on a console that tests read.
    ln -sf /dev/null "$tree/etc/systemd/system/serial-getty@ttyS0.service"
    ln -sf /dev/null "$tree/etc/systemd/system/getty.target" ;;
  openrc)
    cp -r "$LAB/guest/openrc/." "$tree/"
    sed -i '/getty/d' "$tree/etc/inittab"
    printf 'lab:2:once:/usr/local/sbin/lab >/dev/ttyS0 2>&1\n' >>"$tree/etc/inittab" ;;
  esac
  rm -rf "$tree"/var/{cache/apt,lib/apt/lists}/*
  truncate -s 700M "$ROOT_IMAGE.new"
  mke2fs -q -t ext4 -O ^has_journal -L lab-root -d "$tree" "$ROOT_IMAGE.new" && mv "$ROOT_IMAGE.new" "$ROOT_IMAGE"
  rm -rf "$tree"
}
