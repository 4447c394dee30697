def other_cases(): return []
