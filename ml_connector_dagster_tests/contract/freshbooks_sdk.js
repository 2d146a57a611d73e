// Reads the sandbox with @freshbooks/api and prints what it understood, one JSON object. Arguments: address, both tokens.
const { Client } = require("@freshbooks/api");

const [, , apiUrl, accessToken, refreshToken, accountId] = process.argv;
const client = new Client("sandbox-freshbooks-client", {
  apiUrl,
  clientSecret: "sandbox-freshbooks-secret",
  redirectUri: "https://connect.lanternloom.example/callback",
  accessToken,
  refreshToken,
  retryOptions: { retries: 0 },
});
const LISTS = [
  "bills", "billPayments", "billVendors", "clients", "creditNotes", "expenses", "expenseCategories", "invoices", "items",
  "journalEntryAccounts", "journalEntryDetails", "otherIncomes", "payments",
];

async function main() {
  const lists = {};
  for (const name of LISTS) {
    const { data } = await client[name].list(accountId);
    lists[name] = { pages: data.pages, first: Object.values(data).find(Array.isArray)[0] };
  }
  const credit = lists.creditNotes.first.creditId;
  const understood = {
    lists,
    me: (await client.users.me()).data,
    credit: (await client.creditNotes.single(accountId, String(credit))).data,
    profitLoss: (await client.reports.profitLoss(accountId)).data,
    missing: await client.clients.single(accountId, "1").catch((error) => ({ message: error.message, errors: error.errors })),
    refreshed: await client.refreshAccessToken(),
  };
  process.stdout.write(JSON.stringify(understood));
}

main().catch((error) => {
  process.stderr.write(String(error.stack));
  process.exit(1);
});
