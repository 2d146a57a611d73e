"""What happens without an invoice: bank fees, interest, payroll, taxes, transfers, depreciation and accruals."""

from datetime import date, timedelta

from ml_connector_dagster.sandbox.books.records import Document, Line, Transfer
from ml_connector_dagster.sandbox.books.scribe import Scribe, month_end, next_month


class Closing:
    """Writes the bank's and the accountant's part of each month."""

    def __init__(self, scribe: Scribe, standard_tax: str) -> None:
        self._scribe = scribe
        self._standard = standard_tax
        contacts = list(scribe.company.contacts.values())
        self._bank_contact = next(contact for contact in contacts if contact.is_supplier).contact_id
        self._pay = 0
        self._vat_due = 0

    def month(self, month: date) -> None:
        """All of one month; nothing dated after today."""
        self._bank_month(month)
        self._payroll(month)
        self._taxes(month)
        self._depreciation(month)
        self._accrual(month)
        self._transfer(month)
        self._adjustments(month)

    def _bank_month(self, month: date) -> None:
        base = self._scribe.profile.base
        rng = self._scribe.rng
        for day in (5, 15, 26):
            self._cash("SPEND", month.replace(day=day), [("404", rng.randrange(900, 9_000), "NONE", "Bank fee")], base)
        self._cash("RECEIVE", month.replace(day=28), [("270", rng.randrange(20_000, 90_000), "NONE", "Interest")], base)
        foreign = next(
            account.currency
            for account in self._scribe.company.accounts.values()
            if account.kind == "BANK" and account.currency != base
        )
        self._cash(
            "SPEND", month.replace(day=12), [("494", rng.randrange(30_000, 400_000), "NONE", "Flights")], foreign
        )
        self._cash(
            "SPEND",
            self._scribe.day(month),
            [
                ("429", rng.randrange(1_000, 20_000), self._standard, "Card: sundries"),
                ("493", rng.randrange(4_000, 60_000), self._standard, "Card: trains"),
            ],
            base,
            types="Inclusive",
        )
        self._cash("SPEND", month.replace(day=20), [("433", 180_000, "NONE", "Insurance instalment")], base)

    def _cash(
        self, kind: str, day: date, rows: list[tuple[str, int, str, str]], currency: str, *, types: str = "Exclusive"
    ) -> None:
        scribe = self._scribe
        if day > scribe.today or not rows[0][1]:
            return
        document = Document(
            kind="BankTransactions",
            doc_id=scribe.new_id(),
            type=kind,
            contact_id=self._bank_contact,
            day=day,
            status="DELETED" if scribe.rng.random() < 0.01 else "AUTHORISED",
            amount_types=types,
            lines=[
                scribe.line(code, amount, tax, text, (), inclusive=types == "Inclusive")
                for code, amount, tax, text in rows
            ],
            currency=currency,
            rate=scribe.rate(currency, day),
            bank_id=scribe.bank(currency),
            created_ms=scribe.stamp(day, days_later=1),
        )
        scribe.keep(document)

    def _payroll(self, month: date) -> None:
        """Gross pay by journal on the 25th, net pay from the bank on the 28th."""
        profile, rng = self._scribe.profile, self._scribe.rng
        gross = profile.headcount * rng.randrange(395_000, 415_000)
        social, pension, withheld = gross * 11 // 100, gross * 5 // 100, gross * 27 // 100
        rows = [
            ("477", gross, "Gross pay"),
            ("478", social, "Employer's part"),
            ("479", pension, "Employer's pension"),
            ("825", -(social + withheld), "Due to the tax office"),
            ("858", -pension, "Due to the pension fund"),
            ("814", -(gross - withheld), "Net pay"),
        ]
        self._journal(month.replace(day=25), "Payroll", rows)
        base = profile.base
        self._cash("SPEND", month.replace(day=28), [("814", gross - withheld, "NONE", "Net pay")], base)
        self._cash("SPEND", month.replace(day=22), [("825", self._pay, "NONE", "Payroll taxes")], base)
        self._cash("SPEND", month.replace(day=22), [("858", pension, "NONE", "Pension fund")], base)
        self._pay = social + withheld

    def _taxes(self, month: date) -> None:
        """Each quarter the firm pays a round sum of VAT and of corporation tax."""
        scribe = self._scribe
        if month.month % 3 != 1:
            return
        scale = scribe.profile.headcount
        self._cash("SPEND", month.replace(day=7), [("820", scale * 290_000, "NONE", "VAT return")], scribe.profile.base)
        tax = scale * 40_000
        self._journal(month.replace(day=14), "Corporation tax", [("500", tax, "Estimate"), ("830", -tax, "Estimate")])
        self._cash("SPEND", month.replace(day=21), [("830", tax, "NONE", "Corporation tax")], scribe.profile.base)

    def _depreciation(self, month: date) -> None:
        scale = self._scribe.profile.headcount
        rows = [
            ("416", scale * 9_000, "Depreciation"),
            ("711", -scale * 3_000, "Office equipment"),
            ("721", -scale * 6_000, "Computers"),
        ]
        self._journal(month_end(month), "Depreciation", rows)

    def _accrual(self, month: date) -> None:
        """Costs of the month not billed yet; taken back on the first of the next."""
        rng = self._scribe.rng
        for code, text in (("412", "Audit fee"), ("310", "Unbilled subcontractors"), ("445", "Electricity")):
            amount = rng.randrange(40_000, 900_000)
            region = rng.choice(self._scribe.company.categories[0].options[:3]).option_id
            rows = [(code, amount, text), ("805", -amount, text)]
            self._journal(month_end(month), f"Accrual {text}", rows, tracking=(region,))
            back = [(code, -amount, text), ("805", amount, text)]
            self._journal(next_month(month), f"Reversal of accrual {text}", back, tracking=(region,))

    def _journal(
        self,
        day: date,
        narration: str,
        rows: list[tuple[str, int, str]],
        *,
        tracking: tuple[str, ...] = (),
        status: str = "POSTED",
    ) -> None:
        scribe = self._scribe
        if day > scribe.today:
            return
        lines = [Line("", scribe.account(code), text, amount, "NONE", 0, tracking) for code, amount, text in rows]
        scribe.keep(
            Document(
                kind="ManualJournals",
                doc_id=scribe.new_id(),
                type="",
                narration=f"{narration} {day:%B %Y}",
                day=day,
                status=status,
                amount_types="NoTax",
                lines=lines,
                currency=scribe.profile.base,
                created_ms=scribe.stamp(day, days_later=scribe.rng.randint(0, 6)),
            )
        )

    def _transfer(self, month: date) -> None:
        scribe = self._scribe
        day = scribe.day(month, 8, 24)
        if day > scribe.today:
            return
        banks = [account for account in scribe.company.accounts.values() if account.kind == "BANK"]
        out_first = scribe.rng.random() < 0.6
        stamp = scribe.stamp(day)
        transfer = Transfer(
            transfer_id=scribe.new_id(),
            from_id=banks[0 if out_first else 1].account_id,
            to_id=banks[1 if out_first else 0].account_id,
            amount=scribe.rng.randrange(10, 90) * 100_000,
            day=day,
            out_id=scribe.new_id(),
            in_id=scribe.new_id(),
            reference=f"Reserve {day:%m/%y}",
            created_ms=stamp,
            updated_ms=stamp,
        )
        if scribe.rng.random() < 0.04:
            transfer.status = "DELETED"
        scribe.company.transfers[transfer.transfer_id] = transfer

    def _adjustments(self, month: date) -> None:
        """The odd ones: a draft journal, a voided one, and once a year a journal with tax on its lines."""
        day = month_end(month) - timedelta(days=2)
        if month.month == 5:
            rows = [("429", 12_000, "Reclass"), ("473", -12_000, "Reclass")]
            self._journal(day, "Draft reclass", rows, status="DRAFT")
        if month.month == 8:
            rows = [("400", 30_000, "Reclass"), ("412", -30_000, "Reclass")]
            self._journal(day, "Wrong reclass", rows, status="VOIDED")
        if month.month == 10 and day <= self._scribe.today:
            self._taxed_journal(day)

    def _taxed_journal(self, day: date) -> None:
        scribe = self._scribe
        cost = scribe.line("429", 10_000, self._standard, "Petty cash with VAT", (), inclusive=False)
        owed = Line("", scribe.account("805"), "Petty cash", -(cost.amount + cost.tax), "NONE", 0)
        cost.line_id = ""
        scribe.keep(
            Document(
                kind="ManualJournals",
                doc_id=scribe.new_id(),
                type="",
                narration=f"Petty cash {day:%Y}",
                day=day,
                status="POSTED",
                amount_types="Exclusive",
                lines=[cost, owed],
                currency=scribe.profile.base,
                created_ms=scribe.stamp(day, days_later=1),
            )
        )
