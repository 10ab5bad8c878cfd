import ArgumentParser

struct DeviceProgram: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "birthmark-device",
        abstract: "Proves what this device has booted, and installs what it was granted.",
        discussion: """
            First, once, with the verifier's trust bundle:
              birthmark-device attest --trust /media/stick/trust.json

            The usual life of an update:
              birthmark-device update --package app-2.0.img --manifest app-2.0.dsse.json \\
                  --install-command 'dd of=/dev/mmcblk0p3 bs=1M'
              reboot
              birthmark-device confirm

            The same off line, with birthmark freshness, authorize and receipts elsewhere:
              birthmark-device request --freshness /media/stick/epoch.json \\
                  --manifest app-2.0.dsse.json --out /media/stick/GW-0001.request.json
              birthmark-device redeem /media/stick/GW-0001.grant.json \\
                  --package app-2.0.img --manifest app-2.0.dsse.json \\
                  --install-command 'dd of=/dev/mmcblk0p3 bs=1M'
              reboot
              birthmark-device receipt --out /media/stick/GW-0001.receipt.json

            A device without a TPM makes its key before its birth; all else is the same:
              birthmark-device enrol --out SENSOR-0007.request.json
              birthmark-device enrol --accept SENSOR-0007.birth.json

            What is the same at each run may stand in agent.json of the state directory, as in {"tcti":"device:/dev/tpmrm0"}: tcti, eventLog, \
            imaList.
            Exit status: 0 done, 1 refused, 2 malformed input or wrong usage, 3 the environment failed.
            """,
        subcommands: [
            EnrolCommand.self, AttestCommand.self, RunCommand.self, StatusCommand.self,
            UpdateCommand.self, ConfirmCommand.self, GateCommand.self,
            RequestCommand.self, RedeemCommand.self, ReceiptCommand.self,
            TrustCommand.self, RetireCommand.self,
        ]
    )
}
