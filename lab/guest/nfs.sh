# What the guests of the NFS cases share; sourced by their scripts.
say() { echo "LAB: $*"; }
ok() { # NAME COMMAND...: must succeed
  local name=$1; shift
  if "$@" >/tmp/out 2>&1; then say "ok $name"; else say "FAIL $name: $(tail -1 /tmp/out)"; fi
}
not() { # NAME COMMAND...: must fail
  local name=$1; shift
  if "$@" >/tmp/out 2>&1; then say "FAIL $name: it succeeded"; else say "ok not $name: $(tail -1 /tmp/out)"; fi
}
as_nobody() { /sbin/setpriv --reuid 65534 --regid 65534 --clear-groups "$@"; }
same_tree() { # NAME: /mnt is what the server has
  local begun=$(cut -d' ' -f1 /proc/uptime)
  manifest /mnt >/tmp/manifest 2>/tmp/manifest.err
  if cmp -s /tmp/manifest /tmp/expected; then say "ok same tree by $1 ($begun to $(cut -d' ' -f1 /proc/uptime))"
  else
    say "FAIL other tree by $1: $(diff /tmp/expected /tmp/manifest | sed -n 2,4p | tr '\n' ' ' | cut -c1-300) $(head -1 /tmp/manifest.err)"
  fi
}
PATH=/sbin:/bin TOOLS=/sbin
mkdir -p /mnt /etc
while read -r module; do insmod "/modules/$module" 2>/dev/null; done </modules/nfs.list
grep -q '^nfsv4 ' /proc/modules || say 'FAIL no module nfsv4'
wget -q -O /tmp/expected "http://${SERVER:-10.0.0.1}/data/manifest" || say "FAIL no manifest"
