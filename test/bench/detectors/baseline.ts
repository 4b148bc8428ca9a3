import type { DetectorKind } from '@hoop/contracts'

/** Regular expressions as they are commonly published for each kind: what one has who writes them down and no more. */
export const baseline: Readonly<Partial<Record<DetectorKind, RegExp>>> = {
  card: /\b(?:\d[ -]?){13,19}\b/g,
  iban: /\b[A-Z]{2}\d{2}[ ]?(?:[A-Z0-9]{4}[ ]?){2,7}[A-Z0-9]{1,4}\b/g,
  email: /[a-zA-Z0-9._%+-]+@[a-zA-Z0-9.-]+\.[a-zA-Z]{2,}/g,
  phone: /(?:\+?\d{1,3}[ .-]?)?\(?\d{2,4}\)?[ .-]?\d{3,4}[ .-]?\d{3,4}/g,
  ip: /\b(?:\d{1,3}\.){3}\d{1,3}\b|\b(?:[0-9a-fA-F]{1,4}:){1,7}:?(?:[0-9a-fA-F]{1,4})?\b/g,
  jwt: /eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*/g,
  'cloud-key':
    /AKIA[0-9A-Z]{16}|AIza[0-9A-Za-z_-]{35}|ghp_[0-9a-zA-Z]{36}|glpat-[0-9a-zA-Z_-]{20}|xox[baprs]-[0-9a-zA-Z-]+|sk_live_[0-9a-zA-Z]{24}/g,
  'private-key': /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?-----END [A-Z ]*PRIVATE KEY-----/g,
  'us-ssn': /\b\d{3}-\d{2}-\d{4}\b/g,
  'uk-nino': /\b[A-Z]{2} ?\d{2} ?\d{2} ?\d{2} ?[A-D]\b/g,
  'de-steuer-id': /\b[1-9]\d{10}\b/g,
  'fr-nir': /\b[12]\d{14}\b/g,
  'es-dni': /\b\d{8}-?[A-Z]\b/g,
  'pl-pesel': /\b\d{11}\b/g,
  'se-personnummer': /\b\d{6}[-+]\d{4}\b/g,
  'br-cpf': /\b\d{3}\.?\d{3}\.?\d{3}-?\d{2}\b/g,
  'in-aadhaar': /\b\d{4}[ -]?\d{4}[ -]?\d{4}\b/g,
  'nl-bsn': /\b\d{9}\b/g,
  'it-codice-fiscale': /\b[A-Z]{6}\d{2}[A-Z]\d{2}[A-Z]\d{3}[A-Z]\b/g,
}
