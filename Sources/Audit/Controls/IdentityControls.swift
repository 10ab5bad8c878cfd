extension Control {
    /// Who a device is, from its birth to its end.
    static let identity: [Control] = [
        Control(
            "device-identity",
            does:
                "An instance is the keys that live in its own TPM, and everything it asks for is quoted by them over the request itself.",
            shownBy: "birthmark-device attest",
            [
                .owaspNHI: ["NHI2", "NHI4", "NHI9"],
                .nistCSF: ["PR.AA-03", "PR.AA-04"],
                .iec62443: ["CR 1.2", "CR 1.5 RE(1)", "CR 1.9 RE(1)"],
                .cra: ["Part I (2)(d)"],
            ]
        ),
        Control(
            "birth-record",
            does:
                "A factory's station proves that the keys are in the TPM which its maker endorsed, and signs who the instance is, before anybody trusts it.",
            shownBy: "birthmark births import births.json",
            [
                .owaspNHI: ["NHI4", "NHI8"],
                .nistCSF: ["ID.AM-01", "PR.AA-01", "PR.AA-02"],
                .nistAIRMF: ["GOVERN 1.6"],
                .iec62443: ["CR 1.4", "EDR 3.12"],
                .cra: ["Part I (2)(d)"],
            ]
        ),
        Control(
            "endorsement",
            does:
                "A TPM's certificate is judged to its maker's roots, revocation lists and known weaknesses included.",
            shownBy: "birthmark ek verify ek.der --roots Provisioning/trust --key ek.pub",
            [
                .owaspNHI: ["NHI4"],
                .nistCSF: ["ID.RA-09", "PR.AA-02"],
                .iec62443: ["CR 1.9"],
                .cra: ["Part I (2)(d)"],
            ]
        ),
        Control(
            "key-handling",
            does:
                "Keys are made where they are used, kept from everybody else, and looked at before a service starts with them; which count, and which were given up, is told.",
            shownBy: "birthmark key list",
            [
                .owaspNHI: ["NHI2", "NHI7"],
                .nistCSF: ["PR.AA-01", "PR.DS-01"],
                .iec62443: ["CR 1.5", "CR 4.3"],
                .cra: ["Part I (2)(e)"],
            ]
        ),
        Control(
            "lease",
            does:
                "Trust in an instance ends by itself, and every other permission with it.",
            shownBy: "birthmark device list",
            [
                .owaspNHI: ["NHI5", "NHI7"],
                .nistCSF: ["PR.AA-01", "PR.AA-05"],
                .nistAIRMF: ["GOVERN 1.5"],
                .iec62443: ["CR 1.5", "CR 2.1"],
                .cra: ["Part I (2)(d)"],
            ]
        ),
        Control(
            "revocation",
            does:
                "One act ends an instance's lease and every grant under it, at once.",
            shownBy: "birthmark device suspend GW-0001 --reason stolen",
            [
                .owaspNHI: ["NHI1", "NHI2"],
                .nistCSF: ["PR.AA-01", "RS.MI-01"],
                .iec62443: ["CR 1.5", "CR 2.1"],
                .cra: ["Part I (2)(d)", "Part I (2)(k)"],
            ]
        ),
        Control(
            "status-list",
            does:
                "Who relies on a device asks how it stands now, and gets an answer that it can check itself.",
            shownBy: "birthmark status check result.jwt",
            [
                .owaspNHI: ["NHI1", "NHI4"],
                .nistCSF: ["PR.AA-03", "PR.AA-04"],
                .iec62443: ["CR 1.2", "CR 2.1"],
                .cra: ["Part I (2)(d)"],
            ]
        ),
        Control(
            "retirement",
            does:
                "The end of an instance's life is for good: nobody trusts its keys again, and the device destroys them.",
            shownBy: "birthmark-device retire",
            [
                .owaspNHI: ["NHI1", "NHI9"],
                .nistCSF: ["ID.AM-08", "PR.AA-01"],
                .nistAIRMF: ["GOVERN 1.7"],
                .iec62443: ["CR 1.5", "CR 4.2"],
                .cra: ["Part I (2)(d)", "Part I (2)(m)"],
            ]
        ),
    ]
}
