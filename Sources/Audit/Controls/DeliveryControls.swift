extension Control {
    /// What a device may install, and when.
    static let delivery: [Control] = [
        Control(
            "signed-release",
            does:
                "A release is taken on record when as many of its makers' keys have signed it as must, and says which package it is, to the byte.",
            shownBy: "birthmark release add app-2.0.dsse.json",
            [
                .nistCSF: ["ID.RA-09", "PR.AA-05"],
                .nistSP800193: ["4.2.1.1"],
                .iec62443: ["CR 3.4 RE(1)", "EDR 3.10 RE(1)"],
                .cra: ["Part I (2)(c)", "Part I (2)(f)", "Part II (7)"],
                .uneceR156: ["7.1.1.2", "7.1.3.1", "7.2.1.1"],
            ]
        ),
        Control(
            "release-approval",
            does:
                "A rule can want so many named people to have approved a release before anybody is granted it, each by an act of his own.",
            shownBy: "birthmark approve 3b5d… --all-devices --role release-manager --reason change-12",
            [
                .owaspNHI: ["NHI5", "NHI10"],
                .nistCSF: ["ID.RA-07", "PR.AA-05"],
                .nistAIRMF: ["GOVERN 2.1"],
                .iec62443: ["CR 2.1", "CR 2.1 RE(4)", "CR 2.12"],
                .cra: ["Part I (2)(d)", "Part I (2)(l)"],
            ]
        ),
        Control(
            "hardware-fit",
            does:
                "A release says for which models and revisions it is and what must run before it, and no other device is granted it.",
            shownBy: "birthmark policy explain GW-0001 --release 3b5d…",
            [
                .owaspNHI: ["NHI5"],
                .nistCSF: ["PR.PS-02"],
                .cra: ["Part I (2)(c)"],
                .uneceR156: ["7.1.1.5", "7.1.1.6", "7.1.1.7", "7.1.2.4"],
            ]
        ),
        Control(
            "single-use-grant",
            does:
                "An installation needs a token for this instance, this package and this quote, which is good for a short time, once.",
            shownBy: "birthmark-device gate --grant grant.json --package app-2.0.img --manifest app-2.0.dsse.json",
            [
                .owaspNHI: ["NHI5", "NHI7"],
                .nistCSF: ["PR.AA-05", "PR.PS-05"],
                .nistSP800193: ["4.2.1.1"],
                .iec62443: ["CR 2.1", "EDR 3.10 RE(1)"],
                .cra: ["Part I (2)(d)", "Part I (2)(f)", "Part II (7)"],
                .uneceR156: ["7.1.3.1", "7.2.1.1"],
            ]
        ),
        Control(
            "rollback-floor",
            does:
                "Nothing below the security version that a device has had is installed, by the record and by a counter in its TPM, unless a named person lets it once.",
            shownBy: "birthmark device show GW-0001",
            [
                .nistCSF: ["PR.PS-02"],
                .nistSP800193: ["4.2.1.1"],
                .iec62443: ["EDR 3.10 RE(1)"],
                .cra: ["Part I (2)(c)", "Part I (2)(f)"],
                .uneceR156: ["7.2.1.1"],
            ]
        ),
        Control(
            "maintenance-window",
            does:
                "Grants are given and carried out in the hours that the policy names, by the clocks of the place.",
            shownBy: "birthmark policy check policy.json",
            [
                .owaspNHI: ["NHI5"],
                .nistCSF: ["ID.RA-07", "PR.AA-05"],
                .iec62443: ["CR 2.1"],
                .cra: ["Part I (2)(c)"],
                .uneceR156: ["7.2.2.5"],
            ]
        ),
        Control(
            "staged-rollout",
            does:
                "A release goes to a part of the fleet first, and stops by itself when too many updates fail.",
            shownBy: "birthmark release rollout 3b5d… --percent 10 --cohort lab --halt-above 5% --reason first-ring",
            [
                .nistCSF: ["ID.RA-07", "RS.MI-01"],
                .cra: ["Part I (2)(k)"],
                .uneceR156: ["7.1.1.6"],
            ]
        ),
        Control(
            "recall",
            does:
                "A bad release is granted to nobody any more, and who runs it is trusted for the way out of it only; who took it is a list.",
            shownBy: "birthmark release recall 3b5d… --reason leaks-keys",
            [
                .nistCSF: ["RS.AN-03", "RS.MI-01", "RS.MI-02"],
                .nistAIRMF: ["GOVERN 1.7"],
                .cra: ["Part I (2)(k)", "Part II (2)"],
                .uneceR156: ["7.1.1.6", "7.1.2.4"],
            ]
        ),
        Control(
            "off-line",
            does:
                "Requests and grants travel as files, bounded by the TPM's own clock, resets and counter.",
            shownBy: "birthmark authorize /media/stick --out /media/stick",
            [
                .owaspNHI: ["NHI5", "NHI7"],
                .nistCSF: ["PR.AA-05"],
                .nistSP800193: ["4.2.1.1"],
                .iec62443: ["CR 2.1", "EDR 3.10 RE(1)"],
                .cra: ["Part II (7)"],
                .uneceR156: ["7.1.3.1", "7.2.1.1"],
            ]
        ),
        Control(
            "emergency",
            does:
                "Two people together, and nobody alone, lift a window or a halted rollout for one release, for hours, on the ledger and in every report.",
            shownBy: "birthmark emergency declare 3b5d… --override window --hours 4 --reason incident-7",
            [
                .owaspNHI: ["NHI5", "NHI10"],
                .nistCSF: ["ID.RA-07", "PR.AA-05"],
                .nistAIRMF: ["GOVERN 2.1"],
                .iec62443: ["CR 2.1 RE(3)", "CR 2.1 RE(4)", "CR 2.12"],
                .cra: ["Part I (2)(c)", "Part I (2)(l)"],
            ]
        ),
    ]
}
