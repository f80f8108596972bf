# Sourced: Debian's own kernel, and an initramfs of busybox and this folder's guest/init.

build_guest() { # sets KERNEL and INITRD; both are built once and kept in $LABTMP/cache
  local want=${LAB_KERNEL:-auto} root='' version
  CACHE=${CACHE:-$LABTMP/cache}; mkdir -p "$CACHE"
  if [ "$want" != installed ]; then
    if fetch_cloud_kernel; then root=$CACHE/cloud
    elif [ "$want" = cloud ]; then die "cannot fetch Debian's cloud kernel (apt-get download)"; fi
  fi
  if [ -z "$root" ]; then
    version=$(cd /boot && printf '%s\n' vmlinuz-* | sed -n 's/^vmlinuz-//p' | grep amd64 | sort -V | tail -1)
    [ -n "$version" ] || die "no Debian kernel in /boot; try: apt-get install linux-image-amd64"
  else
    version=$(ls "$root/lib/modules")
  fi
  KERNEL=$CACHE/vmlinuz-$version
  INITRD=$CACHE/initramfs-$version.cpio.gz
  [ "$KERNEL" -nt "$root/boot/vmlinuz-$version" ] || install -m644 "$root/boot/vmlinuz-$version" "$KERNEL"
  if [ ! -s "$INITRD" ] || [ -n "$(find "$LAB/guest" "$LAB/initramfs.sh" -newer "$INITRD")" ]; then
    build_initramfs "$version" "$root" "$INITRD"
  fi
}

fetch_cloud_kernel() { # Debian's cloud kernel, unpacked, not installed
  local package dir=$CACHE/cloud
  [ ! -d "$dir" ] || return 0
  package=$(apt-cache depends linux-image-cloud-amd64 2>/dev/null | awk '/Depends:/ {print $2; exit}')
  [ -n "$package" ] || return 1
  rm -rf "$dir.new"; mkdir -p "$dir.new"
  (cd "$dir.new" && apt-get download "$package" && dpkg -x ./*.deb . && rm ./*.deb &&
    depmod -b . "$(ls lib/modules)") >"$CACHE/cloud.log" 2>&1 && mv "$dir.new" "$dir"
}

build_initramfs() { # VERSION ROOT OUT
  local tree module
  [ -x /bin/busybox ] || die "missing; try: apt-get install busybox-static"
  tree=$(mktemp -d "$CACHE/initramfs.XXXXXX") || exit 1
  mkdir -p "$tree"/{bin,dev,modules,proc,sys,run,tmp,etc}
  cp /bin/busybox "$tree/bin/"; ln -s busybox "$tree/bin/sh"
  install -m755 "$LAB/guest/init" "$LAB/guest/udhcpc.sh" "$tree/"
  mknod -m600 "$tree/dev/console" c 5 1
  # Each module after those that it needs; the guest loads them in this order.
  for module in virtio_pci virtio_net; do
    modprobe ${2:+-d "$2"} -S "$1" --show-depends "$module" 2>/dev/null
  done | sed -n 's/^insmod \([^ ]*\).*/\1/p' | awk '!seen[$0]++' | while read -r module; do
    cp "$module" "$tree/modules/"; basename "$module"
  done >"$tree/modules/list"
  find "$tree" -exec touch -h -d @0 {} +
  (cd "$tree" && find . -print0 | LC_ALL=C sort -z | cpio -0 -o -H newc --reproducible --quiet) | gzip -9n >"$3.new"
  rm -rf "$tree"
  mv "$3.new" "$3"
}
