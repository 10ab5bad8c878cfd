extension Control {
    /// What runs on a device, and what is done when it is something else.
    static let state: [Control] = [
        Control(
            "measured-boot",
            does:
                "What a device booted is judged by its TPM's quote, event by event, against what its release says of itself.",
            shownBy: "birthmark device explain GW-0001",
            [
                .nistCSF: ["DE.CM-09", "PR.PS-01"],
                .nistSP800193: ["4.3.1"],
                .iec62443: ["CR 3.4"],
                .cra: ["Part I (2)(f)"],
            ]
        ),
        Control(
            "drift",
            does:
                "Genuine firmware that nobody granted to this device is noticed as such, and trusted for as long as the policy says, or not at all.",
            shownBy: "birthmark report",
            [
                .nistCSF: ["DE.CM-09", "ID.AM-02", "PR.PS-01"],
                .nistAIRMF: ["GOVERN 1.5", "GOVERN 1.6"],
                .nistSP800193: ["4.3.1"],
                .iec62443: ["CR 3.4", "CR 7.8"],
                .cra: ["Part I (2)(f)", "Part I (2)(l)"],
            ]
        ),
        Control(
            "rescue",
            does:
                "A boot into the rescue image or the release before is known for what it is, and good for the way back to health alone.",
            shownBy: "birthmark device updates GW-0001",
            [
                .nistCSF: ["RC.RP-05"],
                .nistSP800193: ["4.4.1"],
                .iec62443: ["CR 7.4"],
                .cra: ["Part I (2)(h)"],
                .uneceR156: ["7.2.2.1.1"],
            ]
        ),
        Control(
            "compensating-controls",
            does:
                "A device without a TPM is held to a key that changes at each contact, to people's approval and to shorter trust, and is never called anything better.",
            shownBy: "birthmark approve 3b5d… --device SENSOR-0007 --role release-manager --reason change-12",
            [
                .owaspNHI: ["NHI2", "NHI5", "NHI9", "NHI10"],
                .nistCSF: ["PR.AA-01", "PR.AA-02", "PR.AA-05"],
                .iec62443: ["CCSC 2", "CR 2.1", "CR 2.12"],
                .cra: ["Part I (2)(d)"],
            ]
        ),
        Control(
            "gateway",
            does:
                "A device with a TPM vouches for those behind it: it quotes over their very requests, and its own lease caps theirs.",
            shownBy: "birthmark-gateway status gw",
            [
                .owaspNHI: ["NHI4"],
                .nistCSF: ["PR.AA-03", "PR.AA-04"],
                .iec62443: ["CCSC 2", "CR 1.2"],
                .cra: ["Part I (2)(d)", "Part I (2)(f)"],
            ]
        ),
    ]
}
