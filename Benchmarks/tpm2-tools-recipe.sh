#!/usr/bin/env bash
# The birth of one device as a shell script around tpm2-tools and openssl does it: the bench's comparison, nothing else.
#
# Keys, proof of residency, certificates, counters, quote, reading back and a signature, as birthmark-factory does them; but
# no journal, nothing that survives a kill, the EK certificate's path checked by `openssl verify`, and the record is a tar file.
# Usage: TPM2TOOLS_TCTI=… tpm2-tools-recipe.sh SERIAL CA.pem INTERMEDIATE.pem FACTORY-CA.pem FACTORY-CA.key   in an empty directory
set -euo pipefail
serial=$1 root=$2 intermediate=$3 ca=$4 key=$5
quiet() { "$@" >>log 2>&1; }

# The endorsement key and its certificate.
quiet tpm2_createek -G ecc -c 0x8101000A -u ek.pub
quiet tpm2_nvread 0x01C0000A -C o -o ek.nv
openssl x509 -inform der -in ek.nv -out ek.pem
quiet openssl verify -ignore_critical -CAfile "$root" -untrusted "$intermediate" ek.pem
tpm2_readpublic -Q -c 0x8101000A -f pem -o ek-key.pem
openssl x509 -in ek.pem -noout -pubkey | cmp -s - ek-key.pem

quiet tpm2_flushcontext -t

# Both identity keys, made, proven by the TPM, kept.
common="fixedtpm|fixedparent|sensitivedataorigin|userwithauth|sign"
quiet tpm2_createprimary -C e -g sha256 -G ecc256:ecdsa-sha256:null -a "$common|restricted" -c iak.ctx \
    --creation-data iak.creation -d iak.hash -t iak.ticket
quiet tpm2_certifycreation -C iak.ctx -c iak.ctx -d iak.hash -t iak.ticket -g sha256 -o iak.sig --attestation iak.certified -f tss -s ecdsa
quiet tpm2_flushcontext -t
quiet tpm2_evictcontrol -C o -c iak.ctx 0x81020001
quiet tpm2_flushcontext -t
quiet tpm2_createprimary -C e -g sha256 -G ecc256:ecdsa-sha256:null -a "$common" -c idevid.ctx \
    --creation-data idevid.creation -d idevid.hash -t idevid.ticket
quiet tpm2_certifycreation -C 0x81020001 -c idevid.ctx -d idevid.hash -t idevid.ticket -g sha256 -o idevid.sig --attestation idevid.certified -f tss -s ecdsa
quiet tpm2_flushcontext -t
quiet tpm2_evictcontrol -C o -c idevid.ctx 0x81020000
quiet tpm2_flushcontext -t

# The TPM with the endorsement key can read what was encrypted for the attestation key.
tpm2_readpublic -Q -c 0x81020001 -n iak.name -o iak.pub
openssl rand 32 >secret
quiet tpm2_makecredential -T none -u ek.pub -s secret -n "$(xxd -p -c 200 iak.name)" -o credential
quiet tpm2_startauthsession --policy-session -S session
quiet tpm2_policysecret -S session -c e
quiet tpm2_activatecredential -c 0x81020001 -C 0x8101000A -i credential -o secret.back -P session:session
quiet tpm2_flushcontext session
cmp -s secret secret.back

# Certificates of both, and where they are kept.
index=0x01C90100
for name in iak:0x81020001 idevid:0x81020000; do
    tpm2_readpublic -Q -c "${name#*:}" -f pem -o "${name%:*}.key.pem"
    quiet openssl x509 -new -subj "/serialNumber=$serial" -force_pubkey "${name%:*}.key.pem" -CA "$ca" -CAkey "$key" -days 3650 -out "${name%:*}.pem"
    openssl x509 -in "${name%:*}.pem" -outform der -out "${name%:*}.der"
    quiet tpm2_nvdefine $index -C o -s "$(stat -c %s "${name%:*}.der")" -a "ownerread|ownerwrite|authread|writedefine|no_da"
    quiet tpm2_nvwrite $index -C o -i "${name%:*}.der"
    index=0x01C90200
done

# Counters and the tag.
for counter in 0x01D10240 0x01D10241; do
    quiet tpm2_nvdefine $counter -C o -a "nt=1|ownerread|ownerwrite|authread|no_da"
    quiet tpm2_nvincrement $counter -C o
done
for _ in 1 2; do quiet tpm2_nvincrement 0x01D10240 -C o; done
printf '{"serial":"%s"}' "$serial" >tag
quiet tpm2_nvdefine 0x01D10242 -C o -s "$(stat -c %s tag)" -a "ownerread|ownerwrite|authread|writedefine|no_da"
quiet tpm2_nvwrite 0x01D10242 -C o -i tag

# The first boot.
nonce=$(openssl rand -hex 20)
quiet tpm2_quote -c 0x81020001 -l sha256:0,1,2,3,4,5,6,7,8,9 -q "$nonce" -g sha256 -m quote.msg -s quote.sig -o quote.pcrs
quiet tpm2_checkquote -u iak.pub -m quote.msg -s quote.sig -f quote.pcrs -g sha256 -q "$nonce"

# Everything read back, and locked.
for handle in 0x8101000A 0x81020001 0x81020000; do quiet tpm2_readpublic -c $handle; done
for stored in 0x01C90100:iak.der 0x01C90200:idevid.der 0x01D10242:tag; do
    quiet tpm2_nvreadpublic "${stored%:*}"
    tpm2_nvread -Q "${stored%:*}" -C o -o back
    cmp -s back "${stored#*:}"
    quiet tpm2_nvwritelock "${stored%:*}" -C o
done
for counter in 0x01D10240 0x01D10241; do quiet tpm2_nvread $counter -C o; done

# The record, signed.
tar cf record.tar ek.pem iak.pub iak.certified iak.sig idevid.certified idevid.sig iak.pem idevid.pem quote.msg quote.sig quote.pcrs tag
openssl dgst -sha256 -sign "$key" -out record.sig record.tar
sync record.tar record.sig
