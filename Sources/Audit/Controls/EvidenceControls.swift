extension Control {
    /// Who decided what, and how that is proven to strangers.
    static let evidence: [Control] = [
        Control(
            "operator-roles",
            does:
                "People act under their own names and certificates, in the roles that these give, and every act has a reason on the ledger.",
            shownBy: "birthmark-verifier operator verifier alice --role operator --days 90",
            [
                .owaspNHI: ["NHI10"],
                .nistCSF: ["GV.RR-02", "PR.AA-05"],
                .nistAIRMF: ["GOVERN 2.1"],
                .iec62443: ["CR 1.1", "CR 2.1 RE(2)", "CR 2.12"],
                .cra: ["Part I (2)(d)", "Part I (2)(l)"],
            ]
        ),
        Control(
            "written-policy",
            does:
                "Who may have what is a file under its digest, for which an operator can sign; each decision names it and the rule that decided, and anybody can ask it beforehand.",
            shownBy: "birthmark policy put policy.json --reason ticket-12",
            [
                .owaspNHI: ["NHI5"],
                .nistCSF: ["GV.PO-01", "PR.AA-05"],
                .nistAIRMF: ["GOVERN 1.4"],
                .iec62443: ["CR 2.1"],
                .cra: ["Part I (2)(d)"],
            ]
        ),
        Control(
            "ledger",
            does:
                "Births, decisions, grants, receipts and people's acts stand in a log that nobody can change or shorten unnoticed.",
            shownBy: "birthmark ledger verify",
            [
                .nistCSF: ["PR.PS-04", "RS.AN-07"],
                .nistAIRMF: ["GOVERN 1.4"],
                .iec62443: ["CR 2.8", "CR 2.11", "CR 2.12", "CR 3.9", "CR 6.1"],
                .cra: ["Part I (2)(l)"],
            ]
        ),
        Control(
            "witnesses",
            does:
                "Others sign what they have seen of the ledger, so that its own operator cannot show two of it.",
            shownBy: "birthmark ledger witness serve w1",
            [
                .nistCSF: ["RS.AN-07"],
                .iec62443: ["CR 3.9"],
                .cra: ["Part I (2)(l)"],
            ]
        ),
        Control(
            "audit-bundle",
            does:
                "What was delivered, to whom, when and on whose authority is one file, which a stranger judges without the verifier.",
            shownBy:
                "birthmark audit verify gw-0001.audit --birth-keys birth-keys.json --factory-roots factory-roots.pem",
            [
                .nistCSF: ["RS.AN-03", "RS.AN-07"],
                .nistAIRMF: ["GOVERN 1.4", "GOVERN 2.1"],
                .iec62443: ["CR 2.12", "CR 6.1"],
                .cra: ["Part I (2)(l)"],
                .uneceR156: ["7.1.2.4"],
            ]
        ),
    ]
}
