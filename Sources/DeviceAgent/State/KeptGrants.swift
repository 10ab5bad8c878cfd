import Messages

extension StateDirectory {
    /// `jti` is 16 random bytes.
    static let tokenIDSize = 16

    /// Keeps a grant under its id.
    func keep(_ grant: GrantFile, as jti: String) throws(AgentError) {
        guard let path = grantPath(jti) else {
            throw AgentError(
                .refused,
                "the grant's id is no token id",
                hint: "nothing was installed; ask the verifier's operator"
            )
        }
        let bytes: [UInt8]
        do {
            bytes = try CanonicalJSON.encode(grant)
        } catch {
            throw AgentError("the grant", error)
        }
        try write(bytes, to: path)
    }
}
