import ArgumentParser

/// Which TPM.
struct TPMOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The TPM, as tpm2-tools spell it: device:/dev/tpmrm0, swtpm:path=/run/tpm.sock, tabrmd:. "
                + "Default: TPM2TOOLS_TCTI, then the search of tpm2-tools.",
            valueName: "tcti"
        )
    )
    var tcti: String?
}
