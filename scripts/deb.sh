#!/bin/sh
# Makes a Debian package of a built netbootd:  deb.sh BINARY JOIN  → netbootd_VERSION_ARCH.deb in the current folder
set -eu
binary=${1:?usage: deb.sh BINARY JOIN}
join=${2:?usage: deb.sh BINARY JOIN}
source=$(cd "$(dirname "$0")/.." && pwd)
version=$("$binary" --version)
arch=$(dpkg --print-architecture)
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
chmod 755 "$root"

install -D -m 755 "$binary" "$root/usr/bin/netbootd"
install -D -m 755 "$join" "$root/usr/bin/kexec-join"
install -D -m 644 "$source/etc/netbootd.service" "$root/lib/systemd/system/netbootd.service"
install -D -m 644 "$source/etc/netbootd.sysusers" "$root/usr/lib/sysusers.d/netbootd.conf"
install -D -m 644 "$source/etc/netbootd.yaml" "$root/etc/netbootd/netbootd.yaml"
for file in README.md CHANGELOG.md LICENSE docs/configuration.md docs/booting.md docs/joining.md; do
    install -D -m 644 "$source/$file" "$root/usr/share/doc/netbootd/$(basename "$file")"
done
mkdir -p "$root/DEBIAN" "$root/srv/netboot"
echo /etc/netbootd/netbootd.yaml >"$root/DEBIAN/conffiles"

# The libraries that the program itself names, as the packages that own them.
libraries=$(for name in $(objdump -p "$binary" | awk '$1 == "NEEDED" { print $2 }'); do
    ldd "$binary" | awk -v name="$name" '$1 == name && $2 == "=>" { print $3 }'
done | xargs -n 1 readlink -f)
depends=$(for library in $libraries; do
    # On a merged /usr, the package may know the file by its old path.
    { dpkg -S "$library" || dpkg -S "${library#/usr}"; } 2>/dev/null | head -n 1 | cut -d: -f1
done | sort -u | paste -sd, | sed 's/,/, /g')
cat >"$root/DEBIAN/control" <<CONTROL
Package: netbootd
Version: $version
Architecture: $arch
Maintainer: The netbootd developers <netbootd@localhost>
Depends: $depends, systemd | systemd-standalone-sysusers
Recommends: ipxe
Suggests: pxelinux, syslinux-common
Section: net
Priority: optional
Description: the one boot server of a subnet: DHCP, TFTP and HTTP
 Boots machines over the network from one configuration file: BIOS PXE, UEFI PXE,
 UEFI HTTP boot, iPXE and gPXE. A Linux that already runs joins by kexec.
CONTROL
cat >"$root/DEBIAN/postinst" <<'SCRIPT'
#!/bin/sh
set -e
systemd-sysusers netbootd.conf
if [ -d /run/systemd/system ]; then systemctl daemon-reload; fi
SCRIPT
chmod 755 "$root/DEBIAN/postinst"
package=netbootd_${version}_$arch.deb
dpkg-deb --root-owner-group --build "$root" "$package" >/dev/null
echo "$package: $(stat -c %s "$package") bytes, depends on $depends"
