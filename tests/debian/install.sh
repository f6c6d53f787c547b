#!/bin/sh
# Install the Debian packages that the tests need and this machine lacks. No daemon is started.
# Where they cannot be installed this says so and goes on: the tests that need them fail and say why.
set -u
here=$(cd "$(dirname "$0")" && pwd)

present() {
    case "$1" in
        nodejs) command -v node >/dev/null 2>&1 ;;   # a newer Node.js from elsewhere serves as well
        npm) command -v npm >/dev/null 2>&1 ;;
        *) dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null | grep -q '^installed' ;;
    esac
}

missing=""
while read -r package; do
    present "$package" || missing="$missing $package"
done < "$here/packages.txt"
[ -z "$missing" ] && exit 0

if ! command -v apt-get >/dev/null 2>&1; then
    echo "not a Debian-like machine: install by hand:$missing" >&2
    exit 0
fi
root=""
if [ "$(id -u)" -ne 0 ]; then
    if sudo -n true 2>/dev/null; then root="sudo"; else
        echo "no root rights: run 'apt-get install$missing' as root" >&2
        exit 0
    fi
fi

# Debian asks this script whether a package may start its service; 101 is no.
policy=/usr/sbin/policy-rc.d
made=""
if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' | $root tee "$policy" >/dev/null && $root chmod +x "$policy" && made=yes
fi
echo "installing Debian packages:$missing"
export DEBIAN_FRONTEND=noninteractive
$root apt-get -qq update >/dev/null && $root apt-get -qq -y --no-install-recommends install $missing >/dev/null \
    || echo "some Debian packages could not be installed:$missing" >&2
[ -n "$made" ] && $root rm -f "$policy"
exit 0
