# Sourced: what a guest needs to mount over NFS, and a tree of every kind of file to mount.

NFS_MODULES='nfs nfsv3 nfsv4 nfs_acl overlay'
NFS_PROGRAMS='/sbin/mount.nfs /usr/bin/find /usr/bin/stat /usr/bin/sha256sum /usr/bin/sort /usr/bin/xargs /usr/bin/cmp /usr/bin/setpriv'

build_nfs_extra() { # sets NFS_EXTRA: a cpio beside the guest's own, with Debian's mount.nfs, klibc's nfsmount, GNU tools
  local version=${KERNEL##*/vmlinuz-} root='' tree program library
  NFS_EXTRA=$CACHE/nfs-$version.cpio.gz
  [ ! -d "$CACHE/cloud/lib/modules/$version" ] || root=$CACHE/cloud
  [ ! -s "$NFS_EXTRA" ] || [ "$LAB/nfs.sh" -nt "$NFS_EXTRA" ] || return 0
  tree=$(mktemp -d "$CACHE/nfs.XXXXXX") || exit 1
  mkdir -p "$tree"/{bin,sbin,modules,etc,lib64,usr/lib/klibc,lib/x86_64-linux-gnu}
  copy_modules "$version" "$root" "$tree/modules" $NFS_MODULES >"$tree/modules/nfs.list"
  for program in $NFS_PROGRAMS; do
    cp "$program" "$tree/sbin/"
    ldd "$program" | grep -o '/[^ ]*' | while read -r library; do
      mkdir -p "$tree/${library%/*}"; cp -L "$library" "$tree/$library"
    done
  done
  cp /usr/lib/klibc/bin/nfsmount "$tree/sbin/"
  cp /lib/klibc-*.so "$tree/lib/"
  cp /etc/netconfig /etc/protocols /etc/services "$tree/etc/"
  printf 'hosts: files\nprotocols: files\nservices: files\n' >"$tree/etc/nsswitch.conf"
  pack "$tree" "$NFS_EXTRA"
}

# --- the tree -------------------------------------------------------------------------------------

nfs_tree() { # FOLDER: every kind of file, owner, mode and time
  local top=$1 deep i
  mkdir -p "$top"
  (cd "$top" || exit 1
    : >empty; printf x >one; head -c 3000000 /dev/urandom >random; head -c 131072 random >block; head -c 131073 random >'block+1'
    truncate -s 5G sparse; printf end | dd of=sparse bs=1 seek=5368709117 conv=notrunc status=none
    printf a >'with space'; printf b >"$(printf '\303\266\303\251\342\202\254')"; printf c >"$(printf 'new\nline')"
    printf d >"$(printf '%0255d' 0)"; printf e >"$(printf 'not\377utf8')"
    ln -s one relative; ln -s /etc/hostname absolute; ln -s nowhere dangling; ln -s "$(printf '%01024d' 0)" long-target
    ln one hard-link; mkfifo fifo; mknod null c 1 3; mknod disk b 8 17
    python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("socket")'
    printf '#!/bin/sh\necho ran as "$(id -u)"\n' >script; chmod 755 script
    mkdir bin; cp /bin/busybox bin/true; chmod 4711 bin/true # a program that may be run and not read
    printf secret >owner-only; chmod 600 owner-only; chown 1000:1000 owner-only
    printf group >group-only; chmod 640 group-only; chown 0:2000 group-only
    mkdir sticky; chmod 1777 sticky; mkdir closed; chmod 700 closed; printf in >closed/inside
    mkdir many; for ((i = 0; i < 3000; i++)); do : >"many/entry-$i"; done
    deep=.; for ((i = 0; i < 60; i++)); do deep=$deep/level-$i; done
    mkdir -p "$deep"; printf bottom >"$deep/bottom"
    touch -d '1975-03-01 12:00:00.123456789 UTC' one; touch -d '2030-01-01 UTC' block
    chown 4294967294:4294967293 empty)
}

# Everything that a file system says of each file: kind, mode, owner, group, links, size, times to the nanosecond, number,
# link's target; what devices stand for; and what is in all but the largest.
# TOOLS is where GNU's programs are: busybox has some of the same names.
NFS_MANIFEST='manifest() { (cd "$1" && export LC_ALL=C && t=${TOOLS:-/usr/bin} &&
  $t/find . -printf "%P|%y|%m|%U|%G|%n|%s|%T@|%C@|%i|%l\\n" | $t/sort
  $t/find . "(" -type b -o -type c ")" -print0 | $t/sort -z | $t/xargs -0 $t/stat -c "%n|%t:%T"
  $t/find . -type f -size -1000000k -print0 | $t/sort -z | $t/xargs -0 $t/sha256sum); }'
