/// Bounds of what is read from an IMA measurement list that somebody else wrote.
public enum IMABounds {
    /// The PCR that the kernel extends unless a rule of its policy says otherwise (CONFIG_IMA_MEASURE_PCR_IDX).
    public static let usualPCR = 10
    /// The most bytes of one entry's template data.
    ///
    /// A path has at most 4 KiB (PATH_MAX) and a signature 1 KiB, but a measured policy or buffer can have hundreds.
    public static let templateData = 1 << 20
    /// The longest template name that can be a known one; the kernel itself stops at 255 bytes.
    static let templateName = 32
    /// The longest file name of the template `ima`, in bytes (IMA_EVENT_NAME_LEN_MAX).
    static let legacyName = 255
    /// A file digest: SHA-512.
    static let fileDigest = 64
    /// The longest name of a digest algorithm, as in `streebog512`, with its type, as in `verity:`.
    static let algorithmName = 32
    /// The longest line of an ASCII list: everything above in hexadecimal, and room for the rest.
    static let line = 2 * templateData + (16 << 10)
}
