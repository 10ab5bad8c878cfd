import Messages

/// Where a token's status stands (draft-ietf-oauth-status-list, Referenced Token): the `status_list` of its `status` claim.
public struct StatusListReference: Hashable, Sendable, Encodable {
    /// The place on the list, from 0 on.
    public var index: Int
    /// The list's address, which is also its `sub`.
    public var uri: String

    /// The most bytes of an address: nobody's are longer.
    static let maximumURISize = 2048

    private enum CodingKeys: String, CodingKey {
        case index = "idx"
        case uri
    }

    /// Joins both.
    public init(index: Int, uri: String) {
        self.index = index
        self.uri = uri
    }

    /// Takes it out of a token's claims; `nil` when they name no list.
    ///
    /// Other mechanisms may stand beside it; nothing here depends on them.
    init?(in claims: ClaimMembers) throws(MessageError) {
        guard let status = try claims.optional("status"),
            let list = try ClaimMembers(status.tree, "status").optional("status_list")
        else { return nil }
        let members = ClaimMembers(list.tree, "status_list")
        guard let index = Int(exactly: try members.required("idx").integer()), index >= 0 else {
            throw MessageError(.outOfRange, "\"idx\" is below 0")
        }
        let uri = try members.required("uri").text()
        guard (1...Self.maximumURISize).contains(uri.utf8.count) else {
            throw MessageError(.outOfRange, "\"uri\" is empty, or longer than \(Self.maximumURISize) bytes")
        }
        self.init(index: index, uri: uri)
    }
}
