#!/usr/bin/env bash
# Builds the image with buildah: without a Docker engine, and without a registry if need be.
#
#   kubeflow/build_image.sh [--tag TAG] [--base IMAGE] [--store FOLDER]
#
# --tag    Name of the image (warmstart:dev).
# --base   Base image to pull (see Dockerfile). Without it, Debian 13 made by debootstrap stands in.
# --store  Folder for the image store (/var/tmp/warmstart-images).
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
    *) sed -n '2,13s/^# \{0,1\}//p' "$0" >&2 && exit 2 ;;
  esac
  shift 2
done

skip() {
  echo "build_image.sh: cannot build here: $*" >&2
  exit 77
}
[ "$(id -u)" -eq 0 ] || skip "it needs root"
command -v buildah >/dev/null || skip "buildah is not installed (apt-get install buildah)"
[ -n "$base" ] || command -v debootstrap >/dev/null || skip "debootstrap is not installed"

# Containers are chroots here: no namespaces, no overlay file system, hence no special kernel.
engine=(buildah --root "$store/root" --runroot "$store/run" --storage-driver vfs)

# Debian 13 with Python 3.13, nothing else: what python:3.13-slim-trixie is, but for its size.
make_base() {
  local folder=$store/debian13 mirror container
  mirror=$(apt-get indextargets --format '$(ORIGIN) $(REPO_URI)' 'Created-By: Packages' |
    awk '$1 == "Debian" && $2 !~ /security/ { print $2; exit }')
  rm -rf "$folder"
  mkdir -p "$folder"
  debootstrap --variant=minbase --include=ca-certificates,python3,python3-venv \
    trixie "$folder" ${mirror:+"$mirror"} >"$store/debootstrap.log"
  rm -rf "$folder"/var/cache/apt/*.bin "$folder"/var/cache/apt/archives/*.deb \
    "$folder"/var/lib/apt/lists/* "$folder"/var/log/* "$folder"/usr/share/{doc,man,locale}
  container=$("${engine[@]}" from scratch)
  "${engine[@]}" add --quiet "$container" "$folder" / >/dev/null
  "${engine[@]}" commit --quiet --rm "$container" "$1" >/dev/null
  rm -rf "$folder"
}

# What this host reaches package indexes with; it is mounted while building and not in the image.
mounts=()
for path in /etc/ssl/certs /etc/pip.conf /etc/uv; do
  [ ! -e "$path" ] || mounts+=(--volume "$path:$path:ro")
done

mkdir -p "$store"
if [ -z "$base" ]; then
  base=localhost/debian13-python:latest
  "${engine[@]}" inspect --type image "$base" >/dev/null 2>&1 || make_base "$base"
fi
"${engine[@]}" build --isolation chroot --network host --layers=false "${mounts[@]}" \
  --build-arg "BASE_IMAGE=$base" --file kubeflow/Dockerfile --tag "$tag" .

container=$("${engine[@]}" from "$tag")
root=$("${engine[@]}" mount "$container")
layers=$("${engine[@]}" inspect --type image --format '{{len .OCIv1.RootFS.DiffIDs}}' "$tag")
echo "$tag: $(du -sm --apparent-size "$root" | cut -f1) MB unpacked, $layers layers; largest parts:"
du -m --max-depth=5 --apparent-size "$root" 2>/dev/null | sort -rn |
  awk -v root="$root" '{ sub(root, "", $2) } $2 ~ /site-packages\/./ { print "  " $0 }' | head -n 8
"${engine[@]}" rm "$container" >/dev/null
