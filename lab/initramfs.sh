# Sourced: Debian's own kernel, and an initramfs of busybox and this folder's guest/init.

# What goes into the guest's initramfs, and what into the one beside it that only some cases load.
GUEST_MODULES='virtio_pci virtio_net'
EXTRA_MODULES='bonding 8021q bridge virtio_blk efivarfs ext4'

build_guest() { # sets KERNEL, INITRD and EXTRA; all are built once and kept in $LABTMP/cache
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
  EXTRA=$CACHE/extra-$version.cpio.gz
  [ "$KERNEL" -nt "$root/boot/vmlinuz-$version" ] || install -m644 "$root/boot/vmlinuz-$version" "$KERNEL"
  if [ ! -s "$INITRD" ] || [ -n "$(find "$LAB/guest" "$LAB/initramfs.sh" -newer "$INITRD")" ]; then
    build_initramfs "$version" "$root" "$INITRD"
    build_extra "$version" "$root" "$EXTRA"
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
  local tree
  [ -x /bin/busybox ] || die "missing; try: apt-get install busybox-static"
  tree=$(mktemp -d "$CACHE/initramfs.XXXXXX") || exit 1
  mkdir -p "$tree"/{bin,dev,modules,proc,sys,run,tmp,etc}
  cp /bin/busybox "$tree/bin/"; ln -s busybox "$tree/bin/sh"
  install -m755 "$LAB/guest/init" "$LAB/guest/udhcpc.sh" "$tree/"
  mknod -m600 "$tree/dev/console" c 5 1
  # shellcheck disable=SC2086 # a list
  copy_modules "$1" "$2" "$tree/modules" $GUEST_MODULES >"$tree/modules/list"
  pack "$tree" "$3"
}

build_extra() { # VERSION ROOT OUT: modules that a guest loads when it is told to: load MODULE
  local tree module
  tree=$(mktemp -d "$CACHE/extra.XXXXXX") || exit 1
  mkdir -p "$tree"/{bin,modules}
  install -m755 "$LAB/guest/load" "$tree/bin/"
  for module in $EXTRA_MODULES; do copy_modules "$1" "$2" "$tree/modules" "$module" >"$tree/modules/$module.list"; done
  pack "$tree" "$3"
}

copy_modules() { # VERSION ROOT FOLDER MODULE...: with what they need; prints their files in the order to load them in
  local version=$1 root=$2 folder=$3 module; shift 3
  for module; do
    modprobe ${root:+-d "$root"} -S "$version" --show-depends "$module" 2>/dev/null
  done | sed -n 's/^insmod \([^ ]*\).*/\1/p' | awk '!seen[$0]++' | while read -r module; do
    cp "$module" "$folder/"; basename "$module"
  done
}

pack() { # FOLDER OUT: a compressed archive of it; the folder is gone afterwards
  find "$1" -exec touch -h -d @0 {} +
  (cd "$1" && find . -print0 | LC_ALL=C sort -z | cpio -0 -o -H newc --reproducible --quiet) | gzip -9n >"$2.new"
  rm -rf "$1"
  mv "$2.new" "$2"
}
