# netbootd: `make demo` boots a virtual machine over the network; `make test` runs every test.
PREFIX ?= /usr/local
DESTDIR ?=
CONFIGURATION ?= release

SWIFT_FLAGS := -c release --static-swift-stdlib -Xlinker -s -Xlinker --gc-sections
BINARY := .build/release/netbootd
JOIN := .build/release/kexec-join

# What the program is made of, what the virtual lab boots, and what the tests bring as clients.
BUILD_PACKAGES := git pkg-config libpcap-dev libmicrohttpd-dev libsqlite3-dev libyaml-dev zlib1g-dev
LAB_PACKAGES := iproute2 ethtool qemu-system-x86 ipxe-qemu ipxe pxelinux syslinux-common ovmf busybox-static \
	linux-image-amd64 cpio kmod python3-minimal mmdebstrap e2fsprogs openssl sbsigntool memtest86+ syslinux mtools \
	nfs-common klibc-utils
TEST_PACKAGES := curl tftp-hpa isc-dhcp-client dhcpcd-base debian-installer-12-netboot-amd64
BENCH_PACKAGES := dnsmasq-base nginx-light nfs-ganesha nfs-ganesha-vfs rpcbind libnfs-dev gcc

.PHONY: build test unit-test fuzz-build lab-test lint format fuzz bench demo install uninstall deb packages clean help

help:
	@echo "make demo       boots a virtual machine over the network from netbootd (needs root)"
	@echo "make test       runs every test (needs root)"
	@echo "make build      builds $(BINARY)"
	@echo "make lint       style and import rules"
	@echo "make fuzz       60 seconds of fuzzing for each parser (FUZZ_SECONDS=…)"
	@echo "make bench      boots the same machine from netbootd and from its peers, joins and reboots it, in turn"
	@echo "make deb        a Debian package"
	@echo "make install    installs program, service and sample (PREFIX=$(PREFIX))"

packages:
	@scripts/install-packages.sh $(BUILD_PACKAGES)

build: packages
	swift build $(SWIFT_FLAGS) --product netbootd
	swift build $(SWIFT_FLAGS) --product kexec-join

test: unit-test fuzz-build lab-test
	@echo "All tests passed."

unit-test: packages
	@scripts/install-packages.sh iproute2 $(TEST_PACKAGES)
	swift test

# Fuzzers take minutes to say anything; that they build is tested each time.
fuzz-build: packages
	FUZZ_SECONDS=5 scripts/fuzz.sh

lab-test: build
	@scripts/install-packages.sh $(LAB_PACKAGES) $(TEST_PACKAGES)
	lab/test.sh

lint:
	swift format lint --strict --recursive Sources Tests Package.swift
	scripts/check-imports.sh

format:
	swift format --in-place --recursive Sources Tests Package.swift

demo: build
	@scripts/install-packages.sh $(LAB_PACKAGES)
	lab/demo.sh

bench: build
	@scripts/install-packages.sh $(LAB_PACKAGES) $(BENCH_PACKAGES)
	bench/boot.sh
	bench/join.sh
	bench/transfer.sh
	bench/nfs.sh

fuzz: packages
	scripts/fuzz.sh

install:
	@test -x $(BINARY) -a -x $(JOIN) || { echo "There is no $(BINARY) yet: make build (as yourself), then make install"; exit 1; }
	install -D -m 755 $(BINARY) $(DESTDIR)$(PREFIX)/bin/netbootd
	install -D -m 755 $(JOIN) $(DESTDIR)$(PREFIX)/bin/kexec-join
	install -D -m 644 etc/netbootd.service $(DESTDIR)/etc/systemd/system/netbootd.service
	sed -i 's|/usr/bin/netbootd|$(PREFIX)/bin/netbootd|' $(DESTDIR)/etc/systemd/system/netbootd.service
	install -D -m 644 etc/netbootd.sysusers $(DESTDIR)/usr/lib/sysusers.d/netbootd.conf
	test -n "$(DESTDIR)" || ! command -v systemd-sysusers >/dev/null || systemd-sysusers netbootd.conf
	install -d $(DESTDIR)/srv/netboot
	test -e $(DESTDIR)/etc/netbootd/netbootd.yaml || \
		install -D -m 644 etc/netbootd.yaml $(DESTDIR)/etc/netbootd/netbootd.yaml
	@echo "Edit /etc/netbootd/netbootd.yaml, see what 'netbootd check' says, then: systemctl enable --now netbootd"

uninstall:
	rm -f $(DESTDIR)$(PREFIX)/bin/netbootd $(DESTDIR)$(PREFIX)/bin/kexec-join $(DESTDIR)/etc/systemd/system/netbootd.service \
		$(DESTDIR)/usr/lib/sysusers.d/netbootd.conf
	@echo "/etc/netbootd and /var/lib/netbootd are left as they are."

deb: build
	scripts/deb.sh $(BINARY) $(JOIN)

clean:
	rm -rf .build
