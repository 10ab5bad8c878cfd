/// Something that Birthmark does against misuse of devices and updates: whose requirements it speaks to, and how to see it at work.
///
/// Speaking to a requirement is not meeting it: that depends on the product, its environment and its maker's assessment.
public struct Control: Hashable, Sendable, Encodable {
    /// Its name in tables.
    public let id: String
    /// What it does, in one sentence.
    public let does: String
    /// The command that shows it at work on a running system.
    public let shownBy: String
    /// The requirements it speaks to, by the ids of their documents; a document that it says nothing to is not there.
    public let requirements: [Framework: [String]]

    init(_ id: String, does: String, shownBy: String, _ requirements: [Framework: [String]]) {
        self.id = id
        self.does = does
        self.shownBy = shownBy
        self.requirements = requirements
    }
}

extension Control {
    /// A document with requirements of others.
    public enum Framework: String, Hashable, Sendable, Encodable, CodingKeyRepresentable, CaseIterable {
        /// OWASP Non-Human Identities Top 10 (2025).
        case owaspNHI
        /// NIST Cybersecurity Framework 2.0: subcategories.
        case nistCSF
        /// NIST AI Risk Management Framework 1.0: subcategories of Govern.
        case nistAIRMF
        /// NIST SP 800-193, Platform Firmware Resiliency Guidelines: sections.
        case nistSP800193
        /// IEC 62443-4-2: component requirements and their enhancements.
        case iec62443
        /// Regulation (EU) 2024/2847, the Cyber Resilience Act: Annex I.
        case cra
        /// UN Regulation No. 156: paragraphs.
        case uneceR156

        /// Its name, for people.
        public var title: String {
            switch self {
            case .owaspNHI: "OWASP NHI Top 10 (2025)"
            case .nistCSF: "NIST CSF 2.0"
            case .nistAIRMF: "NIST AI RMF 1.0, Govern"
            case .nistSP800193: "NIST SP 800-193"
            case .iec62443: "IEC 62443-4-2"
            case .cra: "EU 2024/2847 (CRA), Annex I"
            case .uneceR156: "UNECE R156"
            }
        }
    }

    /// Controls that belong together.
    public struct Group: Hashable, Sendable {
        /// What they are about.
        public let title: String
        /// The controls.
        public let controls: [Control]
    }

    /// The table, in the order in which it is told.
    public static let groups = [
        Group(title: "Identity: who a device is, from its birth to its end", controls: identity),
        Group(title: "Delivery: what a device may install, and when", controls: delivery),
        Group(title: "State: what runs on a device, and what is done when it is something else", controls: state),
        Group(title: "Evidence: who decided what, and how that is proven to strangers", controls: evidence),
    ]

    /// All controls.
    public static var all: [Control] { groups.flatMap(\.controls) }
}
