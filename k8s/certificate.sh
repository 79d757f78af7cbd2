#!/bin/sh
# Makes the certificate by which workers know their bridge, and a CA for it alone, in a folder: ca.crt, tls.crt, tls.key.
# "k8s/certificate.sh FOLDER [NAMESPACE] [DAYS] [SERVICE]"; default: namespace remuda, 365 days, the service remuda-bridge. Wants openssl
# 1.1.1 or later. Where there is cert-manager, let that make a Secret "remuda-bridge-tls" (or "SERVICE-tls") with these three instead.
set -eu
folder=${1:?usage: k8s/certificate.sh FOLDER [NAMESPACE] [DAYS] [SERVICE]}
namespace=${2:-remuda}
days=${3:-365}
service=${4:-remuda-bridge}
names="DNS:$service,DNS:$service.$namespace,DNS:$service.$namespace.svc,DNS:$service.$namespace.svc.cluster.local"
mkdir -p "$folder"
cd "$folder"
umask 077
# the CA's key is thrown away: a new certificate has a new CA
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days "$days" -subj "/CN=CA of $service" \
  -addext 'basicConstraints=critical,CA:TRUE,pathlen:0' -addext 'keyUsage=critical,keyCertSign,cRLSign' \
  -keyout "$work/ca.key" -out ca.crt 2>"$work/said" || { cat "$work/said" >&2; exit 1; }
openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj "/CN=$service" \
  -keyout tls.key -out "$work/asked.csr" 2>"$work/said" || { cat "$work/said" >&2; exit 1; }
printf 'subjectAltName=%s\nextendedKeyUsage=serverAuth\nbasicConstraints=critical,CA:FALSE\n' "$names" >"$work/extensions"
openssl x509 -req -in "$work/asked.csr" -CA ca.crt -CAkey "$work/ca.key" -set_serial "0x$(openssl rand -hex 16)" -days "$days" \
  -extfile "$work/extensions" -out tls.crt 2>"$work/said" || { cat "$work/said" >&2; exit 1; }
echo "$folder: certificate of $service in namespace $namespace, good for $days days"
