#!/usr/bin/env bash
# Builds the image with buildah: without a Docker engine, and without a registry if need be.
#
#   kubeflow/build_image.sh [--tag TAG] [--base IMAGE] [--store FOLDER]
#
# --tag    Name of the image. Defaults to warmstart:dev.
# --base   Base image to pull (see Dockerfile). Defaults to a Debian 13 made by debootstrap, once,
#          and kept in the store.
# --store  Folder for the image store, up to 15 GB. Defaults to /var/tmp/warmstart-images.
#
# Needs root and Debian's packages buildah and, without --base, debootstrap; exits with 77 and the
# reason where it cannot build here. Afterwards:
#   buildah --root STORE/root --runroot STORE/run --storage-driver vfs push TAG docker://REGISTRY/TAG
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

tag=warmstart:dev base='' store=/var/tmp/warmstart-images
while [ $# -gt 0 ]; do
  case $1 in
    --tag) tag=${2:?} ;;
    --base) base=${2:?} ;;
    --store) store=${2:?} ;;
    *) sed -n '2,14s/^# \{0,1\}//p' "$0" >&2 && exit 2 ;;
  esac
  shift 2
done

skip() {
  echo "build_image.sh: cannot build here: $*" >&2
  exit 77
}
[ "$(id -u)" -eq 0 ] || skip "it needs root"
command -v buildah >/dev/null || skip "buildah is not installed (apt-get install buildah)"
[ -n "$base" ] || command -v debootstrap >/dev/null ||
  skip "debootstrap is not installed (apt-get install debootstrap)"

# Containers are chroots here: no namespaces, no overlay file system, hence no special kernel.
engine=(buildah --root "$store/root" --runroot "$store/run" --storage-driver vfs)
# One time for all files and for the image.
timestamp=${SOURCE_DATE_EPOCH:-0}
mkdir -p "$store"
work=$(mktemp -d "$store/build.XXXXXX")
trap 'rm -rf "$work"' EXIT

# Debian 13 with Python 3.13 and nothing else, like python:3.13-slim-trixie but larger.
make_base() {
  local root=$work/debian13 container
  # shellcheck disable=SC2046  # no mirror means no argument: debootstrap has its own default
  debootstrap --variant=minbase --include=ca-certificates,python3 trixie "$root" $(.ci/debian13 mirror) \
    >"$work/log" || { cat "$work/log" >&2 && return 1; }
  mv "$root/etc/apt/sources.list" "$store/debian13.list"
  rm -rf "$root"/var/cache/apt/*.bin "$root"/var/cache/apt/archives/*.deb \
    "$root"/var/cache/ldconfig/aux-cache "$root"/var/lib/apt/lists/* "$root"/var/log/* \
    "$root"/usr/share/{man,locale}
  find "$root/usr/share/doc" ! -type d ! -name copyright -delete
  container=$("${engine[@]}" from scratch)
  "${engine[@]}" add --quiet "$container" "$root" / >/dev/null
  "${engine[@]}" commit --quiet --rm --timestamp "$timestamp" "$container" "$1" >/dev/null
  rm -rf "$root"
}

# The settings that this host reaches package indexes with: used while building, not in the image.
settings=()
share_host_settings() {
  local name path
  : >"$work/environment"
  for name in PIP_{INDEX_URL,EXTRA_INDEX_URL,TRUSTED_HOST,CERT,DEFAULT_TIMEOUT} \
    UV_{INDEX_URL,DEFAULT_INDEX,INDEX,EXTRA_INDEX_URL,INSECURE_HOST,HTTP_TIMEOUT,SYSTEM_CERTS} \
    SSL_CERT_{FILE,DIR} REQUESTS_CA_BUNDLE {HTTP,HTTPS,ALL,NO}_PROXY {http,https,all,no}_proxy; do
    [ -z "${!name:-}" ] || printf 'export %s=%q\n' "$name" "${!name}" >>"$work/environment"
  done
  settings+=(--http-proxy=false --secret "id=host_environment,src=$work/environment")
  for path in /etc/ssl/certs /etc/pip.conf /etc/uv "${PIP_CERT:-}" "${SSL_CERT_FILE:-}" \
    "${REQUESTS_CA_BUNDLE:-}"; do
    case $path in /etc/ssl/certs/*) continue ;; esac
    [ ! -e "$path" ] || settings+=(--volume "$path:$path:ro")
  done
  # The user's own settings, which pip and uv look for below XDG_CONFIG_HOME.
  for name in pip uv; do
    path=${XDG_CONFIG_HOME:-$HOME/.config}/$name
    [ ! -e "$path" ] || settings+=(--volume "$path:/run/host-config/$name:ro")
  done
  echo 'export XDG_CONFIG_HOME=/run/host-config' >>"$work/environment"
}

# The image's size, its layers, and what takes the space.
report() {
  local container root
  container=$("${engine[@]}" from "$tag")
  root=$("${engine[@]}" mount "$container")
  echo "$tag: $(du -sm --apparent-size "$root" | cut -f1) MiB unpacked, in layers of" \
    "$("${engine[@]}" inspect --type image --format '{{.Manifest}}' "$tag" |
      grep -o '"size":[0-9]*' | tail -n +2 | awk -F: '{ printf "%s%.0f", sep, $2 / 1e6; sep = " + " }') MB"
  (cd "$root" && du -m --max-depth=6 --apparent-size .) | sort -rn |
    awk '$2 ~ /site-packages\/[^\/]*$/ { print "  " $0 }' | head -n 8
  "${engine[@]}" rm "$container" >/dev/null
}

if [ -z "$base" ]; then
  base=localhost/debian13-python:latest
  "${engine[@]}" inspect --type image "$base" >/dev/null 2>&1 || make_base "$base"
  settings+=(--volume "$store/debian13.list:/etc/apt/sources.list.d/build.list:ro")
  echo "base made in $SECONDS s"
fi
share_host_settings
built=$SECONDS
"${engine[@]}" build --isolation chroot --network host --layers=false --timestamp "$timestamp" \
  "${settings[@]}" \
  --label "org.opencontainers.image.revision=$(git describe --always --dirty 2>/dev/null || true)" \
  --build-arg "BASE_IMAGE=$base" --file kubeflow/Dockerfile --tag "$tag" .
echo "$tag built in $((SECONDS - built)) s"
report
