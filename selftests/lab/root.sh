# SPDX-License-Identifier: GPL-2.0-only
# The private Debian 13 root: QEMU, compilers, headers and the guests' programs.
# shellcheck shell=bash

# Lines "URI SUITE COMPONENT" for the root, made of the machine's own apt
# configuration with the suite changed, whichever file format it has.
root_sources() {
	local uri release comp codename
	# shellcheck source=/dev/null
	codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
	# shellcheck disable=SC2016  # for apt-get
	apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' |
	while read -r uri release comp; do
		[ "$comp" = main ] || continue
		case "$uri" in cdrom:*) continue ;; esac
		# "stable" and "oldstable" are legal in sources too
		case "$release" in
		"$codename" | stable | oldstable)
			echo "$uri trixie main"
			echo "$uri trixie-backports main"
			echo "$uri bookworm main" ;;
		"$codename-security" | stable-security | oldstable-security)
			echo "$uri trixie-security main"
			echo "$uri bookworm-security main" ;;
		esac
	done | sort -u
}

host_packages() {
	local missing=() p
	for p in mmdebstrap:mmdebstrap unshare:util-linux flock:util-linux git:git; do
		command -v "${p%%:*}" >/dev/null || missing+=("${p##*:}")
	done
	[ ${#missing[@]} = 0 ] && return
	say "installing host packages: ${missing[*]}"
	apt-get install -y --no-install-recommends "${missing[@]}" >"$VPV_CACHE/apt-host.log" 2>&1 || {
		apt-get update >"$VPV_CACHE/apt-host.log" 2>&1 &&
		apt-get install -y --no-install-recommends "${missing[@]}" >>"$VPV_CACHE/apt-host.log" 2>&1
	} || {
		tail -5 "$VPV_CACHE/apt-host.log" >&2
		die "cannot install ${missing[*]}; mend the network or mirror, then run: apt-get update && apt-get install ${missing[*]}"
	}
}

root_packages() { sed -e 's/#.*//' -e '/^ *$/d' "$VPV_LAB/packages.list"; }

make_root() {
	local sources keyring=/usr/share/keyrings/debian-archive-keyring.gpg tmp=$VPV_CACHE/root.new opts=() proxy
	[ -e "$VPV_ROOT/etc/debian_version" ] && return
	command -v apt-get >/dev/null ||
		die "the lab is made of Debian packages and found no apt-get here; use a Debian 12 or 13 machine, VM or container"
	host_packages
	sources=$(root_sources)
	[ -n "$sources" ] || { apt-get update >&2 && sources=$(root_sources); }
	[ -n "$sources" ] ||
		die "found no Debian 'main' archive in apt's configuration; add one to /etc/apt/sources.list.d, then run: apt-get update"
	[ -e "$keyring" ] || die "no $keyring; run: apt-get install debian-archive-keyring"
	proxy=$(apt-config dump --format '%v' Acquire::http::Proxy)
	[ -z "$proxy" ] || opts+=(--aptopt="Acquire::http::Proxy \"$proxy\"")
	say "making a private Debian 13 root in $VPV_ROOT"
	rm -rf "$tmp"
	awk -v key="$keyring" '{ print "deb [signed-by=" key "] " $0 }' <<<"$sources" |
	mmdebstrap --variant=minbase --mode=root --keyring="$keyring" \
		--include=debian-archive-keyring,ca-certificates \
		--aptopt='APT::Install-Recommends "false"' --aptopt='Acquire::Languages "none"' \
		--dpkgopt=force-unsafe-io \
		--dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/doc/*' \
		"${opts[@]}" trixie "$tmp" - >"$VPV_CACHE/mmdebstrap.log" 2>&1 || {
		tail -5 "$VPV_CACHE/mmdebstrap.log" >&2
		die "mmdebstrap failed (log: $VPV_CACHE/mmdebstrap.log); is the mirror reachable? try: apt-get update"
	}
	cp "$VPV_LAB/apt-preferences" "$tmp/etc/apt/preferences.d/virtio-pv"
	mv "$tmp" "$VPV_ROOT"
}

# root_install PACKAGE...: into the root, once; an interrupted dpkg is resumed.
root_install() {
	local log=$VPV_CACHE/apt-root.log
	in_root sh -c 'dpkg --configure -a && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@"' \
		apt "$@" >"$log" 2>&1 && return
	say "refreshing the package lists"
	in_root sh -c 'apt-get update && dpkg --configure -a && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@"' \
		apt "$@" >"$log" 2>&1 && return
	tail -5 "$log" >&2
	die "cannot install into the root: $* (log: $log); is the mirror reachable? try: apt-get update"
}

setup_root() {
	local want stamp
	stamp=$VPV_CACHE/stamps/packages-$(list_hash "$VPV_LAB/packages.list")
	mkdir -p "$VPV_CACHE/stamps"
	make_root
	[ -e "$stamp" ] && return
	want=$(root_packages)
	say "installing $(wc -w <<<"$want") packages and what they need into the root (about a minute)"
	# shellcheck disable=SC2086
	root_install $want
	echo "$want" >"$stamp"
}
